using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Opens what the walk met. What is there and cannot be had is reported, and listed as absent.</summary>
/// <param name="pipeline">Takes what is absent.</param>
/// <param name="list">Hears of it.</param>
/// <param name="pieceBytes">The longest piece of a file.</param>
internal sealed class CreateAccess(CreatePipeline pipeline, CreateList list, long pieceBytes)
{
    /// <summary>Something that the walk itself could not get at.</summary>
    public void Report(byte[] path, WalkProblem problem)
    {
        if (!problem.IsLoss)
        {
            list.Warn(path, problem.Reason, isLoss: false);
        }
        else if (path.AsSpan().Contains((byte)'/'))
        {
            Lose(path, problem.Reason);
        }
        else
        {
            // Nothing of the tree could be had.
            var name = Encoding.UTF8.GetString(path);
            list.Fail(name, SourceState.Missing, $"the top directory of the storage '{name}' {problem.Reason}", "check its disk");
        }
    }

    /// <summary>Opens a file to be stored. What was opened is looked at again: it may be another file than the walk saw.</summary>
    /// <returns>Null if it is gone, or cannot be had.</returns>
    public (SafeFileHandle File, FileStatus Status, Piece[] Pieces)? Open(WalkedEntry walked)
    {
        try
        {
            var file = walked.Open();
            var status = Posix.Status(file);
            if (!status.IsRegular)
            {
                file.Dispose();
                Lose(walked.Path, $"became a {(status.IsDirectory ? "directory" : status.SpecialName)} while it was read");
                return null;
            }

            Posix.AdviseSequential(file);
            return (file, status, CreatePieces.Plan(file, status, pieceBytes));
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Deleted since the walk saw it.
            return null;
        }
        catch (PosixError e)
        {
            Lose(walked.Path, $"cannot be opened: {e.Message}");
            return null;
        }
    }

    /// <returns>Where a symlink leads; null if it is gone, or cannot be had.</returns>
    public byte[]? ReadLink(WalkedEntry walked)
    {
        try
        {
            return walked.ReadLink();
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.Invalid)
        {
            // Deleted, or no symlink any more, since the walk saw it.
            return null;
        }
        catch (PosixError e)
        {
            Lose(walked.Path, $"cannot be read: {e.Message}");
            return null;
        }
    }

    private void Lose(byte[] path, string reason)
    {
        list.Warn(path, reason, isLoss: true);
        pipeline.Add(CreateItem.Lost(path, reason));
    }
}
