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
           damage, and says DAMAGED or INCOMPLETE of what is not whole, and NOT SAVED of what
           could not be read when the snapshot was made.

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
        mkdir -p "$out/packs" "$out/pieces" "$out/files" || exit

        # a) Unpack every pack that the snapshot names, and check it: its name is its SHA-256.
        gzip -dc "snapshots/$id.packs.jsonl.gz" | jq -r .sha256 | while read -r pack; do
            file=packs/$(printf %.2s "$pack")/$pack.tar.gz
            echo "$pack  $file" | sha256sum -c --quiet || echo "DAMAGED: $file" >&2
            mkdir -p "$out/packs/$pack"
            tar -xzf "$file" -C "$out/packs/$pack" --no-same-owner || echo "INCOMPLETE: $file" >&2
        done

        # b) Call every unpacked piece by the SHA-256 of its content.
        (cd "$out/packs" && find . -type f -exec sha256sum -z {} +) | tr '\0' '\n' |
        while IFS= read -r line; do
            ln -f "$out/packs/${line#*  }" "$out/pieces/${line%%  *}"
        done

        # The file list, as a jq expression shows it; names in base64, for they may hold any byte.
        list() {
            gzip -dc "snapshots/$id.files.jsonl.gz" |
                jq -r 'def text(k): if has(k + "_b64") then .[k + "_b64"] else .[k] | @base64 end; '"$1"
        }
        decode() { printf %s "$1" | base64 -d; echo x; }

        # c) Put the files together, in the order of the list. A piece of pack -1 is a run of zeros.
        list '"\(.type) \(text("path")) \(if has("target") then text("target") else "" end)",
              (select(has("device")) | "numbers \(.device | join(" "))"),
              (select(.type == "file") | .pieces[] | if .[0] < 0 then "zeros \(.[3])" else "piece \(.[4])" end)' |
        while read -r what first second; do
            case $what in
            piece) cat "$out/pieces/$first" >>"$path" || echo "INCOMPLETE: $path" >&2; continue ;;
            zeros) truncate -s "+$first" "$path"; continue ;;
            numbers) mknod -- "$path" "$kind" "$first" "$second" || echo "INCOMPLETE: $path" >&2; continue ;;
            esac
            path=$(decode "$first") path=$out/files/${path%x}
            target=$(decode "$second") target=${target%x}
            mkdir -p "${path%/*}"
            case $what in
            directory) mkdir -p "$path" ;;
            fifo) mkfifo -- "$path" ;;
            block | char) kind=$(printf %.1s "$what") ;;
            symlink) ln -s -- "$target" "$path" ;;
            hardlink) ln -- "$out/files/$target" "$path" ;;
            file) : >"$path" ;;
            absent) echo "NOT SAVED: $path" >&2 ;;
            esac || echo "INCOMPLETE: $path" >&2
        done

        # d) Attributes, while everything can be written to. Names are quoted as getfattr does.
        quoted='def quoted: split("\\") | join("\\134") | split("\n") | join("\\012") | split("=") | join("\\075");
            select((has("path_b64") or .type == "hardlink") | not)'
        list "$quoted"' | select(has("xattrs")) | "# file: \(.path | quoted)",
              (.xattrs | to_entries[] | "\(.key | quoted)=0s\(.value)"), ""' >"$out/attributes"
        if [ -s "$out/attributes" ]; then
            (cd "$out/files" && setfattr -h --restore=-) <"$out/attributes" || echo "INCOMPLETE: attributes" >&2
        fi

        # e) Modes and times, what is in a directory before the directory. The group's digit of
        #    the mode of a file with an ACL is the ACL's mask, which is more than the group had.
        list 'def decimal: split(".") | if (.[0] | startswith("-")) and .[1] != "000000000"
                  then "-\(-1 - (.[0] | tonumber)).\("\(2000000000 - (.[1] | tonumber))"[1:])" else join(".") end;
              "\(.type) \(.mode[1:2])\(if has("acl") then "00" else .mode[2:] end) \(.mtime | decimal) \(text("path"))"' | tac |
        while read -r type mode mtime path; do
            path=$(decode "$path") path=$out/files/${path%x}
            [ -e "$path" ] || [ -L "$path" ] || continue
            [ "$type" = symlink ] || chmod "$mode" "$path"
            touch -h -d "@$mtime" "$path"
        done

        # f) ACLs, which bring their part of the mode with them.
        list "$quoted"' | def entries: .[] | "\(.[0]):\(.[2] // ""):\(.[1])";
              def bits: tonumber | "\(if . > 3 then "r" else "-" end)\(if . % 4 > 1 then "w" else "-" end)\(if . % 2 > 0 then "x" else "-" end)";
              select(has("acl") or has("default_acl")) | "# file: \(.path | quoted)",
              (.acl // [["user", (.mode[1:2] | bits)], ["group", (.mode[2:3] | bits)], ["other", (.mode[3:] | bits)]] | entries),
              (.default_acl // [] | "default:\(entries)"), ""' >"$out/acls"
        if [ -s "$out/acls" ]; then
            (cd "$out/files" && setfacl --restore=-) <"$out/acls" || echo "INCOMPLETE: ACLs" >&2
        fi
        echo "done: $out/files"
        -----8<-----

        Delete everything but "files" in your directory when you are content.

        """;
}
