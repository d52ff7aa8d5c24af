using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// ACLs and attributes of what a run meets. They change with a file's ctime, so those of an unchanged file are taken from the
/// earlier list, if they were looked for then.
/// </summary>
internal sealed class CreateAttributes(CreateList list)
{
    private readonly string[] kinds = AttributeReader.Kinds;
    private (EarlierList List, bool Known)? last;
    private int told;

    /// <summary>Off for copies on our own disk that stand for something else: what they have is ours.</summary>
    public bool AreRead { get; set; } = true;

    /// <summary>Whether a line of the list that has none says that there are none.</summary>
    public bool AreKnownTo(EarlierList earlier)
    {
        if (last?.List != earlier)
        {
            last = (earlier, Array.TrueForAll(kinds, kind => Array.IndexOf(earlier.AttributeKinds, kind) >= 0));
        }

        return last.Value.Known;
    }

    public ExtendedAttributes? Of(WalkedEntry walked) => Of(walked.Path, () => walked.Attributes);

    /// <summary>What is to be saved; null if there is nothing, or if it cannot be read, which is then noted.</summary>
    public ExtendedAttributes? Of(byte[] path, Func<AttributePlace> place)
    {
        try
        {
            var found = AreRead && AttributeReader.CanRead ? AttributeReader.Read(place()) : null;
            TellOfMutePlaces(path);
            return found;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound)
        {
            // Deleted since the walk saw it.
            return null;
        }
        catch (PosixError e)
        {
            list.HasUnreadAttributes = true;
            list.Warn(path, $"its ACLs and attributes cannot be read: {e.Message}", isLoss: true);
            return null;
        }
        catch (DamageError e)
        {
            list.HasUnreadAttributes = true;
            list.Warn(path, $"its attributes {e.Message}, and are not saved", isLoss: true);
            return ListsOf(place());
        }
    }

    /// <summary>Once for all files there, each of which would say the same.</summary>
    private void TellOfMutePlaces(byte[] path)
    {
        if (MutePlaces.IsAnyFound && Interlocked.Exchange(ref told, 1) == 0)
        {
            var source = path.AsSpan(0, path.AsSpan().IndexOf((byte)'/') is > 0 and var end ? end : path.Length);
            list.Inform(Encoding.UTF8.GetString(source), $"{MutePlaces.Found} fails when it is asked for ACLs and attributes: none are saved of what is there");
        }
    }

    /// <summary>The ACLs alone: without them the mode, of which a part is a mask then, would open the restored file to more than it was open to.</summary>
    private static ExtendedAttributes? ListsOf(AttributePlace place)
    {
        try
        {
            return AttributeReader.Read(place, isAclOnly: true);
        }
        catch (Exception e) when (e is DamageError or PosixError)
        {
            return null;
        }
    }
}
