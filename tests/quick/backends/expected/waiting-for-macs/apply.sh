#!/bin/sh
# Load what flowc compiled for host gw1. Run it there as root, or: ip netns exec NAME ./apply.sh
#
# The order leaves no moment at which the host forwards without its policy:
#   1  look: are the tools and devices there? Until all is well nothing is changed
#   2  make the devices, still down: the kernel refuses a flowtable that names a missing one
#   3  ruleset.nft, in one transaction: all of the policy or none of it
#   4  tc filters and kernel settings, all but forwarding
#   5  bring the devices up, with their addresses, rules, routes and neighbours
#      then tc filters again that hold MAC addresses of devices or neighbours, which may be known only now
#      then delete tc filters that an earlier version of the file asked for and this one does not
#   6  switch forwarding on
#
# It can be run again at any time: what is there already is left as it is. But for the ruleset and tc filters it only
# adds and replaces; what an earlier version of the file asked for and this one does not stays where it is.
#
# Exit status: 0 loaded; 1 a command failed, and the line of the .flow file it came from is printed; 2 the host is not
# ready, and nothing was changed.
set -u
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
host=gw1

cd "$(dirname -- "$0")" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The devices, one a line: name, kind, what cannot be changed once it exists, where the file says so.
cat >"$work/devices" <<'END_OF_DEVICES'
eth0	existing	-	gw.flow:3
tap75	existing	-	gw.flow:4
END_OF_DEVICES

say() {
    printf 'apply.sh: %s\n' "$*" >&2
}

# ---- 1  look -------------------------------------------------------------------------------------------------------

not_ready() {
    say "$*"
    say "nothing was changed"
    exit 2
}

[ "$(id -u)" -eq 0 ] || not_ready "must be run as root"
for tool in ip nft awk tc; do
    command -v "$tool" >/dev/null || not_ready "$tool is not installed"
done
for file in ip.batch ruleset.nft tc.batch; do
    [ -r "$file" ] || not_ready "$file is missing: it must be in the same folder as apply.sh"
done

ipv6=yes
[ -e /proc/sys/net/ipv6 ] || ipv6=no

# The devices there are, one a line: name, kind if it is one that flowc makes, what cannot be changed, alias.
ip -d -o link show | awk -v kinds='' '
    BEGIN { n = split(kinds, list, " "); for (i = 1; i <= n; i++) known[list[i]] = 1 }
    {
        name = $2; sub(/:$/, "", name)
        parent = name
        if (sub(/.*@/, "", parent)) sub(/@[^@]*$/, "", name); else parent = "-"
        kind = "-"; fixed = "-"; alias = "-"
        # -o puts everything on one line and a backslash where lines were: the kind begins one of them
        parts = split($0, part, "\\")
        for (i = 2; i <= parts; i++) {
            words = split(part[i], word, " ")
            if (kind == "-" && word[1] in known) {
                kind = word[1]
                if (kind ~ /^(gre|gretap|ip6gre|ip6gretap)$/) fixed = "keyed"
                for (w = 2; w <= words; w++) {
                    if (kind == "vrf" && word[w] == "table") fixed = "table " word[w + 1]
                    if (kind == "vlan" && word[w] == "id") fixed = "id " word[w + 1] " on " parent
                    if (fixed == "keyed" && word[w] == "external") fixed = "external"
                }
            } else if (word[1] == "alias") {
                alias = word[2]
            }
        }
        print name "\t" kind "\t" fixed "\t" alias
    }' >"$work/links" || not_ready "cannot list the devices"

awk -F '\t' '
    function where() { return $4 == "-" ? "" : " (" $4 ")" }
    FNR == NR { kind[$1] = $2; fixed[$1] = $3; alias[$1] = $4; next }
    $2 == "existing" {
        if (!($1 in kind)) print "there is no device " $1 where()
        next
    }
    !($1 in kind) { next }
    kind[$1] != $2 { print "device " $1 " exists and is no " $2 where(); next }
    alias[$1] != "flowc" {
        print "device " $1 " exists and was not made by flowc" where() ": it has no alias flowc"
        next
    }
    fixed[$1] != $3 {
        print "device " $1 " is " fixed[$1] " and the file says " $3 where() ", which the kernel cannot change: " \
            "delete it first, ip link del " $1
    }' "$work/links" "$work/devices" >"$work/problems"
if [ -s "$work/problems" ]; then
    while read -r problem; do say "$problem"; done <"$work/problems"
    not_ready "host $host is not ready"
fi

# ---- how a failure finds its line ----------------------------------------------------------------------------------

# place FILE LINE: the .flow line that a line of a generated file comes from: it is in the comment of the line itself or
# in the nearest one above.
place() {
    awk -v line="$2" '
        FNR > line { exit }
        $0 == "# (every host)" { place = "" }
        /^[ \t]*# .*:[0-9]+$/ { place = $0; sub(/^[ \t]*# /, "", place) }
        FNR == line && match($0, /comment "[^"]*:[0-9]+[ "]/) { place = substr($0, RSTART + 9, RLENGTH - 10) }
        FNR == line && match($0, /,  # .*:[0-9]+$/) { place = substr($0, RSTART + 5) }
        END { print place }' "$1"
}

# stop FILE LINE: say where the command came from, and end. The tool has been quoted already.
stop() {
    from=
    [ -z "$2" ] || from=$(place "$1" "$2")
    if [ -n "$from" ]; then
        say "$from: this is the declaration that failed ($1 line $2)"
    elif [ -n "$2" ]; then
        say "$1 line $2 failed"
    else
        say "$1 failed"
    fi
    exit 1
}

# batch FILE TOOL...: run a tool over the copy of FILE in the work folder, whose lines have the numbers of FILE.
batch() {
    file=$1
    shift
    if "$@" -batch "$work/$file" >"$work/output" 2>&1; then
        cat "$work/output" >&2 # warnings
        return
    fi
    line=$(sed -n 's/^Command failed .*:\([0-9][0-9]*\)$/\1/p' "$work/output" | head -n 1)
    [ -n "$line" ] || line=$(search "$file" "$@")
    grep -v '^Command failed ' "$work/output" >&2
    [ -z "$line" ] || say "in: $(sed -n "${line}p" "$work/$file")"
    stop "$file" "$line"
}

# search FILE TOOL...: a command whose words the tool cannot read ends the batch without its number. Give it the lines
# one by one until one makes it say the same; those that went well before do again what they did.
search() {
    file=$1
    shift
    number=0
    while IFS= read -r command; do
        number=$((number + 1))
        case $command in '' | '#'*) continue ;; esac
        printf '%s\n' "$command" | "$@" -batch - >"$work/again" 2>&1 && continue
        if grep -v '^Command failed ' "$work/again" | cmp -s - "$work/output"; then
            echo "$number"
            return
        fi
    done <"$work/$file"
}

# ---- 2  make the devices -------------------------------------------------------------------------------------------

# Copies of ip.batch for the two calls of ip: what is not for the call, or is there already, becomes an empty line, so
# that line numbers stay. A tunnel that exists gets the parameters of the file, which may have changed.
awk -v links="$work/links" '
    BEGIN { FS = "\t"; while ((getline < links) > 0) have[$1] = $3; FS = " " }
    $0 == "# ---- from here on: after ruleset.nft is loaded ----" { after = 1 }
    after || /^#/ { print ""; next }
    /^link add name / && ($4 in have) {
        if (have[$4] != "keyed") { print ""; next }
        # what the file does not say must be said: ip keeps it otherwise; over IPv6 it makes them with 64
        unsaid = (/ ttl / ? "" : / type ip6gre/ ? " ttl 64" : " ttl inherit") (/ i?key / ? "" : " noikey") (/ (key|okey) / ? "" : " nookey")
        sub(/^link add name /, "link set dev ")
        $0 = $0 unsaid
    }
    { print }' ip.batch >"$work/ip.batch"
batch ip.batch ip

# ---- 3  the ruleset ------------------------------------------------------------------------------------------------

if ! nft -f ruleset.nft >"$work/output" 2>&1; then
    cat "$work/output" >&2
    stop ruleset.nft "$(sed -n 's/^[^ ]*ruleset\.nft:\([0-9][0-9]*\):.*/\1/p' "$work/output" | head -n 1)"
fi

# ---- 4  tc filters and kernel settings -----------------------------------------------------------------------------

# fill WHICH: a copy of tc.batch with the MAC addresses that are known now, of all lines or of those that `refer` to one.
# What must wait, and why, is in the file "missing". It fails while an answer of a neighbour is still to come.
fill() {
    ip neigh show >"$work/neighbors"
    awk -v which="$1" -v neighbors="$work/neighbors" -v missing="$work/missing" '
        function is_reference(text) { return text ~ /^@.*@$/ }
        # The MAC address of a reference; empty if it is not known.
        function mac(reference,    name, command, text) {
            name = substr(reference, 2, length(reference) - 2)
            if (!(name in known)) {
                text = ""
                # Of a device: not /sys, which may show those of another network namespace.
                command = "ip -o link show dev " name " 2>/dev/null"
                if (!index(name, "%")) { command | getline text; close(command) }
                known[name] = match(text, / link\/[a-z0-9]+ ..:..:..:..:..:.. /) ? substr(text, RSTART + RLENGTH - 18, 17) : ""
            }
            if (known[name] == "" && !(name in told)) {
                told[name] = 1
                if (split(name, part, "%") == 1) print "flows out of " name " stay in nft: the device has no MAC address" > missing
                else print "flows to " part[1] " stay in nft: no neighbour " part[1] " on " part[2] > missing
                if (name in asked) waits = 1
            }
            return known[name]
        }
        BEGIN {
            printf "" > missing
            while ((getline line < neighbors) > 0) {
                n = split(line, word, " ")
                device = text = ""
                for (i = 2; i < n; i++) {
                    if (word[i] == "dev") device = word[++i] # which may be called "lladdr"
                    else if (word[i] == "lladdr") text = word[++i]
                }
                known[word[1] "%" device] = text
                if (text == "" && line ~ / (managed|INCOMPLETE)/) asked[word[1] "%" device] = 1
            }
        }
        /^#/ || !index($0, "  # ") { print (which == "all" ? $0 : ""); next }
        {
            other = ""
            behind = index($0, "  # ")
            n = split(substr($0, behind + 4), word, " ")
            $0 = substr($0, 1, behind - 1)
            left_out = 0
            for (i = 1; i <= n && word[i] != "else"; i++)
                if (is_reference(word[i]) && mac(word[i]) == "") left_out = 1
            for (i++; i <= n; i++) other = other " " word[i]
            unknown = 0
            for (i = 5; i <= NF; i++)
                if (is_reference($i) && $(i - 1) == "set" && $(i - 4) == "munge") {
                    text = mac($i)
                    if (text == "") unknown = 1; else $i = text
                }
            if (unknown) {
                text = ""
                for (i = 1; i < 5 || $i != "action"; i++) text = text $i " "
                $0 = text substr(other, 2) " " $(NF - 1) " " $NF
            }
            print left_out ? "" : $0
        }
        END { exit waits }' tc.batch >"$work/tc.batch"
}

fill all || : # neighbours may answer once the devices are up
batch tc.batch tc

# ---- 5  bring it up ------------------------------------------------------------------------------------------------

# rules FAMILY: the rules there are, in the words of ip.batch. -N prints tables as numbers.
rules() {
    ip "$1" -N rule show | awk '{
        sub(/:/, "", $1)
        line = "pref " $0
        sub(/ from all /, " ", line)
        sub(/ lookup /, " table ", line)
        print line
    }'
}

# missing: the batch on standard input without the rules that are there already (the file "rules" in the work folder),
# and without the removal of the local rule where it is gone.
missing() {
    awk -v rules="$work/rules" '
        # What makes two rules the same, in whatever order they are told.
        function key(rule,    n, i, word, value) {
            n = split(rule, word, " ")
            for (i = 1; i < n; i++)
                if (word[i] ~ /^(pref|from|iif|fwmark|table|suppress_prefixlength)$/) {
                    value[word[i]] = word[i + 1]
                    i++ # a device may be called "table"
                }
            if (value["table"] == "local") value["table"] = 255
            if (value["table"] == "main") value["table"] = 254
            return value["pref"] "," value["from"] "," value["iif"] "," value["fwmark"] "," value["table"] "," \
                value["suppress_prefixlength"]
        }
        BEGIN {
            while ((getline rule < rules) > 0) {
                there[key(rule)] = 1
                if (rule ~ /^pref 0 /) zero = 1
            }
        }
        /^rule add / && (key($0) in there) { print ""; next }
        /^rule del pref 0$/ && !zero { print ""; next }
        { print }'
}

if [ "$ipv6" = yes ] && grep -q '^#-6 ' ip.batch; then
    rules -6 >"$work/rules"
    awk '/^#-6 / { print substr($0, 5); next } { print "" }' ip.batch |
        missing >"$work/ip.batch"
    batch ip.batch ip -6
fi

rules -4 >"$work/rules"
awk -v ipv6="$ipv6" '
    $0 == "# ---- from here on: after ruleset.nft is loaded ----" { after = 1 }
    !after || /^#/ { print ""; next }
    ipv6 == "no" && /^route replace [a-z]+ [0-9a-f:]*:/ { print ""; next }
    { print }' ip.batch | missing >"$work/ip.batch"
batch ip.batch ip

for second in 1 2 3 4 5; do
    fill refer && break
    [ "$second" -eq 5 ] || sleep 1
done
batch tc.batch tc
awk 'NR <= 5 { print } END { if (NR > 5) print "and " NR - 5 " more like these" }' "$work/missing" |
    while read -r line; do say "$line"; done

fill all || : # what must wait is not to be there either
# The filters that have flowc's cookie and no line in tc.batch. Those of chain 0 go first: they lead to the others.
if command -v tc >/dev/null; then
    tc qdisc show | awk '$2 == "clsact" {
        for (i = 4; i < NF; i++) if ($i == "dev") { print $(i + 1); next }
    }' | while read -r device; do
        for hook in ingress egress; do
            printf '@ %s %s\n' "$device" "$hook"
            tc filter show dev "$device" "$hook" 2>/dev/null
        done
    done | awk -v batch="$work/tc.batch" '
        BEGIN {
            while ((getline line < batch) > 0) {
                split(line, word, " ")
                if (word[1] == "filter") wanted[word[4] " " word[5] " " word[7] " " word[9] " " word[11] " " word[13]] = 1
            }
        }
        $1 == "@" { device = $2; hook = $3; next }
        /^filter / {
            protocol = preference = handle = ""; chain = told = 0
            for (i = 2; i < NF; i++)
                if ($i == "protocol") protocol = $(++i)
                else if ($i == "pref") preference = $(++i)
                else if ($i == "chain") chain = $(++i)
                else if ($i == "handle") handle = $(++i)
        }
        $1 == "cookie" && $2 == "666c6f7763" && handle != "" && !told {
            told = 1
            if (!((device " " hook " " protocol " " preference " " chain " " handle) in wanted))
                print chain "\tfilter del dev " device " " hook " protocol " protocol " pref " preference \
                    " chain " chain " handle " handle " flower"
        }' | sort -n -s -k 1,1 | cut -f 2- >"$work/stale"
    if [ -s "$work/stale" ] && ! tc -force -batch "$work/stale" >"$work/output" 2>&1; then
        cat "$work/output" >&2
        say "not all tc filters of an earlier file could be deleted"
        exit 1
    fi
fi

# ---- 6  forward ----------------------------------------------------------------------------------------------------

say "$host is loaded"
