using System.Globalization;
using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>What a lease says: who uses a repository, for what, and by which way.</summary>
internal sealed record LeaseMark
{
    public const string WriteUse = "write";
    public const string ReadUse = "read";

    /// <summary>Changing a second place.</summary>
    public const string CopyUse = "copy";
    public const string ImportUse = "import";

    /// <summary>What a later version has others for may be any of these.</summary>
    private static readonly string[] KnownUses = [WriteUse, ReadUse, CopyUse, ImportUse];

    /// <summary>32 hexadecimal digits, random; the file is named by it.</summary>
    public required string Token { get; init; }

    /// <summary>For what, in a word: one alone may do each of these, but many may read.</summary>
    public required string Use { get; init; }

    /// <summary>Whether files are being removed, which nobody may read meanwhile.</summary>
    public bool IsDeleting { get; init; }

    /// <summary>For people: "create full".</summary>
    public required string Purpose { get; init; }

    public required string Host { get; init; }

    /// <summary>As in a header; null where the machine has no identity.</summary>
    public string? Machine { get; init; }

    public required ProcessIdentity Process { get; init; }

    /// <summary>By which way the repository is used.</summary>
    public required LeaseDoor Door { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset RenewedAt { get; init; }

    public bool MayBe(string use) => Use == use || !KnownUses.Contains(Use);

    /// <summary>For people: "create full, process 12 on host, since 2026-11-23 02:00:00 UTC".</summary>
    public string Holder => string.Create(CultureInfo.InvariantCulture, $"{Purpose}, process {Process.Number} on {Host}, since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");

    public static LeaseMark Read(JsonElement json) => new()
    {
        Token = json.Text("token"),
        Use = json.Text("use"),
        IsDeleting = json.Number("deleting") != 0,
        Purpose = Printable.Escape(json.Text("purpose")),
        Host = Printable.Escape(json.Text("host")),
        Machine = json.IfThere("machine", JsonFields.Text),
        Process = new ProcessIdentity(json.IfThere("boot", JsonFields.Text), json.IfThere("pid_namespace", JsonFields.Text), json.Integer("process"), json.Number("process_started")),
        Door = new LeaseDoor((ulong)json.Number("file_system"), (ulong)json.Number("device"), ulong.Parse(json.Text("inode"), CultureInfo.InvariantCulture)),
        Since = json.Time("since"),
        RenewedAt = json.Time("renewed"),
    };

    /// <summary>Always the same length while only <see cref="RenewedAt"/> and <see cref="IsDeleting"/> change, so that it is replaced in place; they are the last, so that a write that was cut off says what was there before.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("token", Token);
        json.WriteString("use", Use);
        json.WriteString("purpose", Purpose);
        json.WriteString("host", Host);
        json.WriteIfThere("machine", Machine);
        json.WriteIfThere("boot", Process.Boot);
        json.WriteIfThere("pid_namespace", Process.Namespace);
        json.WriteNumber("process", Process.Number);
        json.WriteNumber("process_started", Process.StartedAt);
        json.WriteNumber("file_system", Door.FileSystem);
        json.WriteNumber("device", Door.Device);
        json.WriteString("inode", Door.Inode.ToString(CultureInfo.InvariantCulture));
        json.WriteString("since", Text(Since));
        json.WriteNumber("deleting", IsDeleting ? 1 : 0);
        json.WriteString("renewed", Text(RenewedAt));
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The directory of leases as its user sees it.</summary>
/// <param name="FileSystem">The type's number.</param>
/// <param name="Device">What it is on, as this kernel numbers it.</param>
/// <param name="Inode">Which it is there.</param>
internal readonly record struct LeaseDoor(ulong FileSystem, ulong Device, ulong Inode);
