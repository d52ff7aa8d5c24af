namespace VertexAr.Backup.Storage;

/// <summary>The file RECOVERY.txt of each repository: how to get everything back when this program is gone. A test follows it to the letter.</summary>
internal static class RecoveryText
{
    public const string Text = """
        HOW TO GET FILES BACK WITHOUT vertex-ar-backup
        ==============================================

        Everything here is plain: packs are .tar.gz files, lists are gzipped JSON lines.
        You need: sh, tar, gzip, jq, and find and coreutils as every GNU/Linux has them.

        1. Choose a snapshot. Every snapshots/ID.json is one; the name is its time in UTC.

               ls snapshots/*.json

        2. Save the script below as recover.sh and run it from this directory:

               sh recover.sh ID /some/empty/directory

           It needs free space for the packs unpacked and for the files. It goes on after
           damage, says DAMAGED or INCOMPLETE of what is not whole, and fails at the end if there
           was any; NOT SAVED it says of what could not be read when the snapshot was made.

        3. The files are in /some/empty/directory/files/SOURCE/...  A database is one
           ordinary SQLite file there. Modes and times are set, but for set-user-ID and
           set-group-ID bits; owners are in the file list:
           gzip -dc snapshots/ID.files.jsonl.gz | jq .
           FIFOs are made; device nodes need root.

        4. ACLs and attributes (capabilities of programs among them) are given back by setfacl
           and setfattr, of the packages acl and attr, which are needed only if there are any;
           attributes of the kinds security.* and trusted.* need root. ACLs go by the numbers
           of users and groups; their names are in the list too. Without setfacl a file that
           had an ACL is open to its owner alone. Left out are ACLs and attributes of files
           whose names are not UTF-8, and attributes whose own names are not.

        5. Who wrote it? If snapshots are signed ("signature" in snapshots/ID.json) and you have the
           public key, as from your password manager (the long line that begins with MFkw):

               echo KEY | base64 -d >/tmp/key.der
               head -n -3 snapshots/ID.json | head -c -2 >/tmp/signed
               jq -r .signature snapshots/ID.json | base64 -d >/tmp/signature
               openssl dgst -sha256 -keyform DER -verify /tmp/key.der -signature /tmp/signature /tmp/signed

           It must say "Verified OK". The header that this proves names the two lists by SHA-256; they
           name all else, which recover.sh checks:

               jq -r '.files, .packs | "\(.sha256)  snapshots/\(.name)"' snapshots/ID.json | sha256sum -c

           A snapshot that was made before there was a key has no signature: manifest.json, which is
           checked in the same way, lists it by the SHA-256 of its header.

        -----8<----- recover.sh -----8<-----
        id=${1:?snapshot} out=${2:?directory}
        [ -f "snapshots/$id.json" ] || { echo "there is no snapshots/$id.json here" >&2; exit 1; }
        mkdir -p "$out/packs" "$out/pieces" "$out/files" || exit
        : >"$out/trouble"
        trouble() { echo "$*" >&2; echo "$*" >>"$out/trouble"; }

        # a) Unpack every pack that the snapshot names, and check it: its name is its SHA-256.
        gzip -dc "snapshots/$id.packs.jsonl.gz" | jq -r .sha256 | while read -r pack; do
            file=packs/$(printf %.2s "$pack")/$pack.tar.gz
            echo "$pack  $file" | sha256sum -c --quiet || trouble "DAMAGED: $file"
            mkdir -p "$out/packs/$pack"
            tar -xzf "$file" -C "$out/packs/$pack" --no-same-owner || trouble "INCOMPLETE: $file"
        done

        # b) For every unpacked piece, a file called by the SHA-256 of its content: it holds the piece's name.
        (cd "$out/packs" && find . -type f -exec sha256sum -z {} +) | tr '\0' '\n' |
        while IFS= read -r line; do
            printf '%s\n' "${line#*  }" >"$out/pieces/${line%%  *}"
        done

        # The file list, as commands for this shell that a jq expression makes of it. Whatever is in the list is
        # quoted; names with line breaks, and those that are not UTF-8, are in base64.
        list() {
            gzip -dc "snapshots/$id.files.jsonl.gz" | jq -r '
                def plain(k): has(k) and (has(k + "_b64") or (.[k] | contains("\n")) | not);
                def text(k): if has(k + "_b64") then .[k + "_b64"] elif has(k) then .[k] | @base64 else "" end;
                def call(f): if plain("path") and (plain("target") or text("target") == "")
                    then "\(f) \([.path, .target // ""] | @sh)" else "odd \(f) \([text("path"), text("target")] | @sh)" end;
                def digit(n): .mode[n:n + 1] | tonumber;
                def is_made: .type == "directory" and digit(1) == 7
                    or .type == "file" and digit(1) == 6 and (has("acl") or digit(2) % 2 + digit(3) % 2 == 0);
                '"$1"
        }
        odd() {
            first=$(printf %s "$2" | base64 -d; echo x) second=$(printf %s "$3" | base64 -d; echo x)
            "$1" "${first%x}" "${second%x}"
        }

        # c) Put the files together, in the order of the list. A piece of pack -1 is a run of zeros.
        #    By the umask, nearly all have their modes from the beginning.
        bad() { trouble "INCOMPLETE: $path"; }
        usual=$(umask)
        at() { path=$out/files/$1; [ -d "${path%/*}" ] || (umask "$usual" && mkdir -p "${path%/*}"); }
        directory() { at "$1"; mkdir -p "$path" || bad; }
        file() { at "$1"; true >"$path" || bad; }
        piece() { IFS= read -r name <"$out/pieces/$1" && cat "$out/packs/$name" >>"$path" || bad; }
        zeros() { truncate -s "+$1" "$path" || bad; }
        symlink() { at "$1"; ln -s -- "$2" "$path" || bad; }
        hardlink() { at "$1"; ln -- "$out/files/$2" "$path" || bad; }
        fifo() { at "$1"; mkfifo -- "$path" || bad; }
        numbers() { major=$1 minor=$2; }
        block() { at "$1"; mknod -- "$path" b "$major" "$minor" || bad; }
        char() { at "$1"; mknod -- "$path" c "$major" "$minor" || bad; }
        absent() { at "$1"; echo "NOT SAVED: $path" >&2; }
        list 'def mask: if is_made then "\(digit(1))\(if has("acl") then "00" else .mode[2:] end)" else "700" end
                  | split("") | map(7 - tonumber | tostring) | join("");
              .type as $type | if ["file", "directory", "fifo"] | index($type) then "umask \(mask | @sh)" else empty end,
              if has("device") then "numbers \(.device | @sh)" else empty end,
              if ["file", "directory", "symlink", "hardlink", "fifo", "block", "char", "absent"] | index($type) then call($type) else empty end,
              if $type == "file" then .pieces[] | if .[0] < 0 then "zeros \(.[3] | @sh)" else "piece \(.[4] | @sh)" end
              else empty end' >"$out/script"
        . "$out/script"
        umask "$usual"

        # d) Attributes, while everything can be written to. Names are quoted as getfattr does.
        quoted='def quoted: split("\\") | join("\\134") | split("\n") | join("\\012") | split("=") | join("\\075");
            select((has("path_b64") or .type == "hardlink") | not)'
        list "$quoted"' | select(has("xattrs")) | "# file: \(.path | quoted)",
              (.xattrs | to_entries[] | "\(.key | quoted)=0s\(.value)"), ""' >"$out/attributes"
        if [ -s "$out/attributes" ]; then
            (cd "$out/files" && setfattr -h --restore=-) <"$out/attributes" || trouble "INCOMPLETE: attributes"
        fi

        # e) Modes and times, what is in a directory before the directory. The group's digit of
        #    the mode of a file with an ACL is the ACL's mask, which is more than the group had.
        list 'def decimal: split(".") | if (.[0] | startswith("-")) and .[1] != "000000000"
                  then "-\(-1 - (.[0] | tonumber)).\("\(2000000000 - (.[1] | tonumber))"[1:])" else join(".") end;
              select(.type != "absent" and .type != "hardlink")
                  | "mode=\(if is_made or .type == "symlink" then "" else .mode[1:2] + if has("acl") then "00" else .mode[2:] end end | @sh) "
                  + "mtime=\(.mtime | decimal | @sh); \(call("finish"))"' | tac >"$out/script"
        finish() {
            path=$out/files/$1
            [ -e "$path" ] || [ -L "$path" ] || return 0
            [ -z "$mode" ] || chmod "$mode" "$path"
            touch -h -d "@$mtime" "$path"
        }
        . "$out/script"

        # f) ACLs, which bring their part of the mode with them.
        list "$quoted"' | def entries: .[] | "\(.[0]):\(.[2] // ""):\(.[1])";
              def bits: tonumber | "\(if . > 3 then "r" else "-" end)\(if . % 4 > 1 then "w" else "-" end)\(if . % 2 > 0 then "x" else "-" end)";
              select(has("acl") or has("default_acl")) | "# file: \(.path | quoted)",
              (.acl // [["user", (.mode[1:2] | bits)], ["group", (.mode[2:3] | bits)], ["other", (.mode[3:] | bits)]] | entries),
              (.default_acl // [] | "default:\(entries)"), ""' >"$out/acls"
        if [ -s "$out/acls" ]; then
            (cd "$out/files" && setfacl --restore=-) <"$out/acls" || trouble "INCOMPLETE: ACLs"
        fi
        [ ! -s "$out/trouble" ] || { echo "NOT WHOLE: $out/trouble lists what is damaged or incomplete in $out/files" >&2; exit 1; }
        echo "done: $out/files"
        -----8<-----

        Delete everything but "files" in your directory when you are content.

        """;
}
