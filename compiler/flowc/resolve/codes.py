"""The codes that resolution reports. FC1xx names, values and tests, FC2xx zones and policies, FC3xx translation,
FC4xx tunnels, FC5xx VRFs and routes, FC6xx neighbours.
"""

from __future__ import annotations

from flowc.diagnostics import Severity, register

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

UNKNOWN_NAME = register("FC101", "unknown-name", ERROR, "A name is used that nothing declares.")
DUPLICATE_NAME = register(
    "FC102",
    "duplicate-name",
    ERROR,
    "Two declarations have the same name. All kinds of names share one namespace, so a zone and an endpoint cannot "
    "have the same name either.",
)
WRONG_KIND = register(
    "FC103", "wrong-kind", ERROR, "A name is used where a thing of another kind is needed, for example a zone as a VRF."
)
RESERVED_NAME = register(
    "FC104", "reserved-name", ERROR, "`self` is the host itself and `any` is every zone; nothing else can be called so."
)
REPEATED_OPTION = register(
    "FC105", "repeated-option", ERROR, "An option or clause that can be given once is given twice."
)
MISSING_OPTION = register("FC106", "missing-option", ERROR, "A declaration lacks an option that it needs.")
CONFLICTING_OPTIONS = register(
    "FC107", "conflicting-options", ERROR, "Two options of one declaration contradict each other."
)
BAD_ADDRESS = register("FC108", "bad-address", ERROR, "A text in an address position is not an IP address or prefix.")
HOST_BITS = register(
    "FC109",
    "host-bits-set",
    ERROR,
    "A prefix has bits set behind its length. The kernel would silently widen it to the whole network.",
)
WRONG_FAMILY = register("FC110", "wrong-family", ERROR, "An IPv4 and an IPv6 address stand where one family is needed.")
BAD_PORT = register("FC111", "bad-port", ERROR, "A port is not between 1 and 65535, or something else is no port.")
INVERTED_RANGE = register("FC112", "inverted-range", ERROR, "A range ends before it starts.")
BAD_MAC = register(
    "FC113", "bad-mac", ERROR, "A MAC address is malformed, or is all zero or multicast and so nobody's own."
)
BAD_DEVICE = register(
    "FC114",
    "bad-device-name",
    ERROR,
    "A device name is not one the kernel takes (1 to 15 bytes, no `/`, `:` or white space, not `.` or `..`: "
    "net/core/dev.c, dev_valid_name), or holds a character that nft or ip would read as something else.",
)
BAD_NUMBER = register("FC115", "bad-number", ERROR, "A number is out of the range that the kernel takes.")
NOT_A_HOST = register(
    "FC116",
    "not-a-host-address",
    ERROR,
    "A machine's address is needed, and this is a network, broadcast, multicast, loopback or unspecified address.",
)
BAD_TEXT = register(
    "FC117", "bad-text", ERROR, "A text is too long for the kernel or holds a character nft cannot print."
)
DEVICE_TWICE = register("FC118", "device-used-twice", ERROR, "Two declarations stand for one device.")
CIRCULAR = register(
    "FC119", "circular-definition", ERROR, "A `let` or `service` contains itself, or others too deeply."
)
NO_COMMON_FAMILY = register(
    "FC120", "no-common-family", ERROR, "No packet can match: the addresses of a rule are of different families."
)
NETWORK_OF_ALL = register(
    "FC121",
    "network-of-all-addresses",
    ERROR,
    "An interface's address has the prefix length 0: every address there is would be on its link. A default route leads to "
    "what is on no link.",
)
UNUSED_DEFINITION = register(
    "FC122",
    "unused-definition",
    NOTE,
    "A `let` or a `service` is declared and used by nothing, in a file that was given by name: a rule may have been meant to "
    "use it. What an included file declares may be for other files.",
)
REDUNDANT_ENTRY = register(
    "FC123",
    "redundant-entry",
    NOTE,
    "A set of addresses or ports holds an entry that another of its entries holds already. It changes nothing; often it was "
    "meant to be another address.",
)
NO_ADDRESS = register(
    "FC124",
    "no-address",
    ERROR,
    "`not` is followed by all addresses of a family, so that none is left: nothing can ever match.",
)

INTERFACE_IN_TWO_ZONES = register(
    "FC201", "interface-in-two-zones", ERROR, "An interface belongs to two zones, so no policy can be chosen for it."
)
DUPLICATE_PAIR = register(
    "FC203",
    "duplicate-zone-pair",
    ERROR,
    "Two policies, or two nat blocks, are declared for one pair of zones; the order of their rules would be arbitrary.",
)
BAD_PAIR = register("FC204", "bad-zone-pair", ERROR, "A policy or nat block between these two ends has no meaning.")
CLAUSE_NOT_ALLOWED = register("FC205", "clause-not-allowed", ERROR, "A clause makes no sense on this rule.")
UNKNOWN_ICMP_TYPE = register("FC206", "unknown-icmp-type", ERROR, "There is no ICMP type of this name.")

DUPLICATE_EIP = register(
    "FC301",
    "duplicate-eip",
    ERROR,
    "One EIP is given to two endpoints, or one endpoint has two. The addresses of a prefix of EIPs count one by one.",
)
OVERLAPPING_FORWARDS = register(
    "FC302",
    "overlapping-forwards",
    ERROR,
    "Two port forwards claim one address, protocol and port, or a whole address is forwarded that is an EIP or forwarded "
    "already: the kernel would refuse the second or never use it.",
)
NOT_IN_A_POOL = register(
    "FC303",
    "eip-outside-pools",
    ERROR,
    "An EIP lies in no declared pool, so nothing says from which zone it is reached.",
)
OVERLAPPING_POOLS = register("FC304", "overlapping-pools", ERROR, "Two pools share addresses.")
RANGE_SIZES_DIFFER = register(
    "FC305",
    "range-sizes-differ",
    ERROR,
    "Ports are forwarded to a range of another size, or a prefix of EIPs is given to a prefix of another length.",
)
TARGET_UNPLACED = register(
    "FC306",
    "target-unplaced",
    ERROR,
    "A translation's target address is on no declared interface and behind no route, so nothing says which VRF it "
    "belongs to.",
)

DUPLICATE_TUNNEL = register(
    "FC401",
    "duplicate-tunnel",
    ERROR,
    "Two tunnels have the same local and remote address and key (kernel: EEXIST). Over IPv6, key 0 is the same as no key, "
    "and an `ip6gre` is in the way of an `ip6gretap`.",
)

BAD_TABLE = register("FC501", "reserved-table", ERROR, "A VRF uses a routing table that the kernel itself uses.")
SHARED_TABLE = register(
    "FC502", "shared-table", ERROR, "Two VRFs use one routing table: the kernel accepts it and their isolation is lost."
)
NOT_ON_LINK = register(
    "FC503",
    "next-hop-not-on-link",
    ERROR,
    "A next hop lies in no connected prefix and in no `route PREFIX on INTERFACE`, so that it is on no link that the host "
    "knows of; or it is link-local, and nothing says on which interface.",
)
DUPLICATE_ROUTE = register(
    "FC504",
    "duplicate-route",
    ERROR,
    "Two routes have the same destination, table and metric; one would replace the other.",
)

DUPLICATE_NEIGHBOR = register(
    "FC601",
    "duplicate-neighbor",
    ERROR,
    "One address on one interface has two neighbour declarations. The `mac` of an endpoint is one; without a `mac`, an "
    "endpoint can have a `neighbor`. Two endpoints cannot share an address.",
)

EXPECTED_OF_NOTHING = register(
    "FC125",
    "expectation-without-packet",
    ERROR,
    "An `expect` stands before the first packet of its test block, so that nothing is there that it could be said of.",
)
EXPECTS_NOTHING = register(
    "FC126",
    "packet-without-expectation",
    WARNING,
    "A packet of a test block has no `expect` behind it, or a test block has no packet: whatever happens, the test passes.",
)
DUPLICATE_TEST = register(
    "FC127", "duplicate-test", ERROR, "Two test blocks of a host have one name: which of them failed could not be told."
)
CONTRADICTORY = register(
    "FC128", "contradictory-expectations", ERROR, "No packet can meet two expectations, so that the test always fails."
)
ON_NO_HOST = register(
    "FC129",
    "packet-of-no-host",
    ERROR,
    "No host has all the names that a packet of a test block outside of the hosts uses, so that none would ever test it.",
)
UNBRACKETED = register(
    "FC130",
    "unbracketed-port",
    WARNING,
    "An IPv6 address in a test ends like a port, and no port is given. All of it is read as the address: one with a port "
    "stands in brackets.",
)
OF_TESTS = frozenset({EXPECTS_NOTHING, UNBRACKETED})
"""Warnings about test blocks: `flowc test` shows them as well."""
