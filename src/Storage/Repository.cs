using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Opens a repository, or makes one. Nothing is touched before the format version is known to be ours.</summary>
internal static class Repository
{
    /// <exception cref="UserError">There is no repository (exit code 10), or it is damaged or of a newer version (1).</exception>
    public static Layout Open(string root)
    {
        var layout = new Layout(root);
        CheckDirectory(root);
        if (!CheckMark(layout))
        {
            throw new UserError(
                ExitCode.NoRepository,
                $"{root} holds no repository yet",
                "the first 'vertex-ar-backup create' makes one; or name another place with --backup-dir");
        }

        return Posix.StatusOrNull(layout.Snapshots) is { IsDirectory: true } ? layout : throw UserError.Failed(
            $"the repository {root} has lost its directory 'snapshots'", "copy the repository again; if it never held a snapshot, 'vertex-ar-backup create' makes the directory");
    }

    /// <summary>Opens for writing, and makes a repository where the directory is empty.</summary>
    public static Layout OpenOrCreate(string root, TimeProvider clock) => OpenOrCreate(root, () => NewMark(clock));

    /// <summary>Opens for writing, and makes a copy of another repository, with its mark, where the directory is empty.</summary>
    public static Layout OpenOrCopy(string root, byte[] mark) => OpenOrCreate(root, () => mark);

    /// <summary>Whether a directory is a repository, of whatever version and however damaged.</summary>
    /// <param name="directory">Open.</param>
    public static bool Is(SafeFileHandle directory)
    {
        var below = Layout.Below;
        try
        {
            using var mark = JsonDocument.Parse(new SmallFile().ReadNext(directory, Posix.Bytes(below.Mark)));
            return mark.RootElement.ValueKind == JsonValueKind.Object && mark.RootElement.TryGetProperty("format", out var format)
                && format.ValueKind == JsonValueKind.String && format.ValueEquals(RepositoryMark.FormatName);
        }
        catch (Exception e) when (e is PosixError or DamageError or JsonException)
        {
            return IsThere(below.Mark) && IsThere(below.Snapshots) && IsThere(below.Packs);
        }

        bool IsThere(string name)
        {
            try
            {
                return Posix.StatusAt(directory, Posix.Bytes(name)) is { IsRegular: true } or { IsDirectory: true };
            }
            catch (PosixError)
            {
                return false;
            }
        }
    }

    /// <summary>What the mark says. The repository is open.</summary>
    public static RepositoryMark ReadMark(Layout layout) => SealedJson.Read(SmallFile.Read(layout.Mark), RepositoryMark.Read);

    private static Layout OpenOrCreate(string root, Func<byte[]> mark)
    {
        var layout = new Layout(root);
        CheckDirectory(root);
        try
        {
            var isMarked = CheckMark(layout);
            if (!isMarked)
            {
                UnmarkedDirectory.RequireFree(layout);
            }

            // In a repository too: a copy of one may lack the empty ones, since object storage keeps files only.
            MakeDirectories(layout);
            if (!isMarked)
            {
                AtomicFile.Write(Path.Combine(layout.Staging, UnmarkedDirectory.RecoveryTemporary), layout.Recovery, RecoveryText.Text);
                AtomicFile.Write(Path.Combine(layout.Staging, UnmarkedDirectory.MarkTemporary), layout.Mark, mark());
            }

            return layout;
        }
        catch (PosixError e)
        {
            throw NotWritable(root, e);
        }
    }

    /// <summary>What the repository takes on disk, in bytes. What else lies in its directory, as the Python system's backups, is not counted.</summary>
    public static long Bytes(Layout layout)
    {
        var packs = 0L;
        using var threads = new ThreadGroup();
        threads.Start("packs", () => packs = BytesBelow(layout.Packs));
        var others = Units.Sum(
        [
            .. new[] { layout.Snapshots, layout.Staging, layout.Runs }.Select(BytesBelow),
            .. new[] { layout.Mark, layout.Recovery, layout.Lock }.Select(path => Posix.StatusOrNull(path)?.Size ?? 0),
        ]);
        threads.Join();
        return Units.Add(packs, others);

        static long BytesBelow(string path) => Directory.Exists(path) ? DirectoryTree.Bytes(path) : 0;
    }

    /// <summary>The sentence for a backup directory that cannot be written, whatever the reason.</summary>
    public static UserError NotWritable(string root, PosixError error)
    {
        var hint = error.Number switch
        {
            PosixError.AccessDenied or PosixError.NotPermitted => $"make it writable for the user that runs backups: chown -R {Accounts.PackageUser ?? "USER"} {root}",
            PosixError.ReadOnly => "the file system is mounted read-only, or the service's sandbox does not include the directory",
            _ when error.IsDiskFull => "free some space, or lower max_backups and run 'vertex-ar-backup rotate', which needs none",
            _ => null,
        };
        return UserError.Failed($"cannot write to the backup directory {root}: {error.Message}", hint, error);
    }

    /// <summary>Whether a run could write there, found out without a change.</summary>
    /// <exception cref="UserError">It could not.</exception>
    public static void RequirePlace(string root)
    {
        CheckDirectory(root);
        var layout = new Layout(root);
        if (!CheckMark(layout))
        {
            UnmarkedDirectory.RequireFree(layout);
        }

        if (Posix.Refusal(root, AccessKind.Fill) is { } refusal)
        {
            throw NotWritable(root, refusal);
        }
    }

    private static string? ReadHint(PosixError error) => error.Number switch
    {
        PosixError.AccessDenied or PosixError.NotPermitted => "run as root or as the owner of the directory",
        PosixError.WouldBlock => "another process keeps a lease on it, as file servers do for their clients; try again when it has let go",
        _ => null,
    };

    public static UserError DoesNotExist(string root) => new(
        ExitCode.NoRepository, $"the backup directory {root} does not exist", $"is its disk mounted? To make it: install -d {(Accounts.PackageUser is { } user ? $"-o {user} -g {user} " : "")}-m 0750 {root}");

    private static void CheckDirectory(string root)
    {
        try
        {
            switch (Posix.StatusOrNull(root))
            {
                case null:
                    throw DoesNotExist(root);
                case { IsDirectory: false }:
                    throw new UserError(ExitCode.NoRepository, $"the backup directory {root} is not a directory");
            }
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"cannot look into the backup directory {root}: {e.Message}", ReadHint(e), e);
        }
    }

    /// <summary>True if the mark is there and of a version we know; false if there is none.</summary>
    private static bool CheckMark(Layout layout)
    {
        ReadOnlyMemory<byte> bytes;
        try
        {
            bytes = SmallFile.Read(layout.Mark);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return false;
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"cannot read {layout.Mark}: {e.Message}", ReadHint(e), e);
        }
        catch (DamageError e)
        {
            throw Damaged(layout, e);
        }

        RefuseOtherVersion(layout, bytes);
        try
        {
            _ = SealedJson.Read(bytes, RepositoryMark.Read);
            return true;
        }
        catch (DamageError e)
        {
            throw Damaged(layout, e);
        }
    }

    private static UserError Damaged(Layout layout, DamageError error) => UserError.Failed(
        $"{layout.Mark} {error.Message}",
        "the snapshots may be whole: see RECOVERY.txt in the same directory; copy repository.json back from another copy of the repository",
        error);

    /// <summary>The version is looked at before the checksum: a newer format may seal its files in another way.</summary>
    private static void RefuseOtherVersion(Layout layout, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var mark = JsonDocument.Parse(bytes);
            var root = mark.RootElement;
            if (root.GetProperty("format").GetString() == RepositoryMark.FormatName
                && root.GetProperty("version").TryGetInt32(out var version) && version > RepositoryMark.CurrentVersion)
            {
                throw UserError.Failed(
                    $"the repository {layout.Root} is of format version {version}, and this program knows version {RepositoryMark.CurrentVersion}",
                    "install the version of vertex-ar-backup that wrote it, or a newer one");
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Damaged; the checksum says so in the next step.
        }
    }

    private static void MakeDirectories(Layout layout)
    {
        AtomicFile.EnsureOwnDirectory(layout.Staging);
        AtomicFile.EnsureOwnDirectory(layout.Snapshots);
        AtomicFile.EnsureOwnDirectory(layout.Packs);
    }

    private static byte[] NewMark(TimeProvider clock)
    {
        var mark = new RepositoryMark
        {
            Format = RepositoryMark.FormatName,
            Version = RepositoryMark.CurrentVersion,
            Id = Guid.NewGuid().ToString("N"),
            CreatedAt = clock.GetUtcNow(),
        };
        return SealedJson.Write(mark.Write);
    }
}
