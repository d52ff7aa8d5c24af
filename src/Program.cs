using VertexAr.Backup.Core;

return (int)ExitCode.Done;
