"""The kernel lab: a Debian kernel under qemu in which the packet tests run.

The kernel of the machine that runs the tests may lack flowtables, GRE, VRFs or
cls_flower, and tests should not change its network. So the packet tests
(`tests/packets`) run in a guest: Debian's own kernel, booted in software emulation,
with this machine's file system below it. One boot serves all of them.

`apt` downloads, `kernel` keeps the cache, `initramfs` and `boot` start the guest,
`plugin` makes pytest use it.
"""
