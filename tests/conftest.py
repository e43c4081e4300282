"""What all tests share: the plugin that runs tests/packets in the kernel lab."""

pytest_plugins = ("tests.lab.plugin",)
