namespace VertexAr.Backup.Storage;

/// <summary>The file RECOVERY.txt of each repository: how to get everything back when this program is gone. A test follows it to the letter.</summary>
internal static class RecoveryText
{
    public const string Text = """
        HOW TO GET FILES BACK WITHOUT vertex-ar-backup
        ==============================================

        Everything here is plain: packs are .tar.gz files, lists are gzipped JSON lines.
        You need: sh, tar, gzip, jq, cat, sha256sum (and find, sort, head, mkdir).

        1. Choose a snapshot. Every snapshots/ID.json is one; the name is its time in UTC.

               ls snapshots/*.json

        2. Save the script below as recover.sh and run it from this directory:

               sh recover.sh ID /some/empty/directory

           It needs free space for the packs and for the files.

        3. The files are in /some/empty/directory/files/SOURCE/...  A database is one
           ordinary SQLite file there. Links, owners, modes and times are in the file
           list (snapshots/ID.files.jsonl.gz); the script sets modes and times.

        -----8<----- recover.sh -----8<-----
        set -eu
        id=$1 out=$2
        mkdir -p "$out/packs" "$out/pieces" "$out/files"

        # a) Unpack every pack that the snapshot names, and check it: its name is its SHA-256.
        gzip -dc "snapshots/$id.packs.jsonl.gz" | jq -r .sha256 | while read -r pack; do
            file=packs/$(printf %.2s "$pack")/$pack.tar.gz
            echo "$pack  $file" | sha256sum -c --quiet || echo "DAMAGED: $file" >&2
            mkdir -p "$out/packs/$pack"
            tar -xzf "$file" -C "$out/packs/$pack" --no-same-owner || echo "INCOMPLETE: $file" >&2
        done

        # b) Call every unpacked piece by the SHA-256 of its content.
        (cd "$out/packs" && find . -type f -exec sha256sum -z {} +) | tr '\n\0' '\1\n' |
        while IFS= read -r line; do
            sum=$(printf %.64s "$line")
            path=$(printf '%s' "${line#*  }" | tr '\1' '\n'; echo x)
            ln -f "$out/packs/${path%x}" "$out/pieces/$sum"
        done

        # c) Put the files together, in the order of the list. A piece of pack -1 is a run of zeros.
        gzip -dc "snapshots/$id.files.jsonl.gz" | jq -r '
            def text(k): if has(k + "_b64") then .[k + "_b64"] else .[k] | @base64 end;
            [.type, .mode, .mtime, text("path"), (if has("target") then text("target") else "LQ==" end),
             ((.pieces // []) | map(if .[0] < 0 then "zeros:\(.[3])" else .[4] end) | join(","))] | join(" ")' |
        while read -r type mode mtime path target pieces; do
            path=$(printf %s "$path" | base64 -d; echo x); path=$out/files/${path%x}
            target=$(printf %s "$target" | base64 -d; echo x); target=${target%x}
            case $type in
            directory) mkdir -p "$path" ;;
            symlink) mkdir -p "$(dirname "$path")"; ln -s -- "$target" "$path" ;;
            hardlink) ln -- "$out/files/$target" "$path" ;;
            file)
                mkdir -p "$(dirname "$path")"
                : >"$path"
                for piece in $(printf %s "$pieces" | tr , ' '); do
                    case $piece in
                    zeros:*) head -c "${piece#zeros:}" /dev/zero >>"$path" ;;
                    *) cat "$out/pieces/$piece" >>"$path" ;;
                    esac
                done
                chmod "$mode" "$path"
                touch -d "@$mtime" "$path" ;;
            esac
        done
        echo "done: $out/files"
        -----8<-----

        Delete "packs" and "pieces" below your directory when you are content.

        """;
}
