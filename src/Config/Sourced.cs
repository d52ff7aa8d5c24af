namespace VertexAr.Backup.Config;

/// <summary>A value and where it came from, for error messages and <c>config show</c>.</summary>
internal sealed record Sourced<T>(T Value, string Origin);
