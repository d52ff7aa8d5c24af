using System.Runtime.InteropServices;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Commands;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Sources;

const ulong LeastAddressSpace = 288 << 20;

// SIGXFSZ: a write beyond 'ulimit -f' fails with an error, which is said, and does not end the program.
const int FileSizeSignal = 25;

if (TiedChild.Become(args) is { } failed)
{
    return failed;
}

if (DatabaseWork.Run(args) is { } answered)
{
    return answered;
}

using var stopping = new CancellationTokenSource();
var stoppedBy = ExitCode.Done;
Screen? shown = null;
var deadline = new StopDeadline(SayThatItHangs, () => ThisProcess.End((int)stoppedBy));

// Before any file is opened: what the runtime opens for its signals must not be standard output to us.
if (!ThisProcess.FillDescriptors())
{
    return Refuse("/dev/null cannot be opened", "see that this machine, or container, has its /dev");
}

ThisProcess.KeepDescriptorsFromChildren();
ThisProcess.KeepMemorySmall();
if (ThisProcess.AddressSpace() is < LeastAddressSpace and var space)
{
    // The runtime would end without a word, or in the middle of one.
    return Refuse($"this process may use {Units.Size((long)space)} of memory, and needs {Units.Size((long)LeastAddressSpace)}", "raise 'ulimit -v'");
}

ThisProcess.SetCreationMask(0x17); // 0027: nothing we make is open to others, whatever the caller's umask.
return (int)Main();

ExitCode Main()
{
    GlobalOptions options;
    Command command;
    try
    {
        (options, command) = CommandLine.Parse(ArgumentBytes.Of(args));
    }
    catch (UserError e)
    {
        return Fail(e);
    }

    using var interrupt = On(PosixSignal.SIGINT, ExitCode.Interrupted, command);
    using var terminate = On(PosixSignal.SIGTERM, ExitCode.Terminated, command);
    using var tooLarge = PosixSignalRegistration.Create((PosixSignal)FileSizeSignal, static signal => signal.Cancel = true);
    if (terminate is not null)
    {
        ThisProcess.LeaveSignalsToTheRuntime();
    }

    using var screen = NewScreen(options);
    shown = screen;
    try
    {
        var around = new Surroundings(options, screen, Environment.GetEnvironmentVariable, TimeProvider.System, stopping.Token) { StoppedBy = () => stoppedBy, Deadline = deadline };
        var code = Run(around, command);
        screen.Output.Flush();
        return screen.Output.Failure is { } lost
            ? throw UserError.Failed($"standard output could not be written: {lost.Message}", "what was asked for is done; only its output is incomplete", lost)
            : code;
    }
    catch (UserError e)
    {
        screen.Output.Flush();
        screen.Log.Fail(e);
        return e.Code;
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        screen.Log.Fail(new UserError(stoppedBy, "interrupted; nothing is half done"));
        return stoppedBy;
    }
#pragma warning disable CA1031 // Whatever is left is a bug of ours: say so, with its stack, and fail.
    catch (Exception e)
#pragma warning restore CA1031
    {
        if (UserError.FromSystem(e) is { } refused)
        {
            screen.Log.Fail(refused);
        }
        else
        {
            screen.Log.Crash(e);
        }

        return ExitCode.Failed;
    }
}

static ExitCode Run(Surroundings around, Command command) => command switch
{
    CreateCommand c => CreateVerb.Run(around, c),
    ListCommand c => ListVerb.Run(around, c),
    ShowCommand c => ShowVerb.Run(around, c),
    RestoreCommand c => RestoreVerb.Run(around, c),
    RestoreRestCommand c => RestoreRestVerb.Run(around, c),
    VerifyCommand c => VerifyVerb.Run(around, c),
    ImportCommand c => ImportVerb.Run(around, c),
    DrillCommand c => DrillVerb.Run(around, c),
    StatsCommand => StatsVerb.Run(around),
    RotateCommand c => RotateVerb.Run(around, c),
    ScheduleCommand c => ScheduleVerb.Run(around, c),
    StatusCommand => StatusVerb.Run(around),
    DoctorCommand c => DoctorVerb.Run(around, c),
    OffsitePushCommand c => OffsitePushVerb.Run(around, c),
    OffsitePullCommand c => OffsitePullVerb.Run(around, c),
    OffsiteStatusCommand c => OffsiteStatusVerb.Run(around, c),
    OffsiteVerifyCommand c => OffsiteVerifyVerb.Run(around, c),
    KeyNewCommand c => KeyVerbs.New(around, c),
    KeyShowCommand c => KeyVerbs.Show(around, c),
    KeySignCommand c => KeySignVerb.Run(around, c),
    ConfigCheckCommand => ConfigVerbs.Check(around),
    ConfigShowCommand => ConfigVerbs.Show(around),
    ConfigSandboxCommand => ConfigVerbs.Sandbox(around),
    NotifyCommand c => NotifyVerb.Run(around, c),
    HelpCommand c => HelpVerb.Run(around, c),
    ManPageCommand => HelpVerb.PrintManPage(around),
    CompletionCommand c => HelpVerb.PrintCompletion(around, c),
    VersionCommand => VersionVerb.Run(around),
    _ => throw new NotSupportedException(command.ToString()),
};

int Refuse(string message, string hint) => (int)Fail(UserError.Failed(message, hint));

// Before it is known what the command line says.
ExitCode Fail(UserError error)
{
    using var plain = NewScreen(new GlobalOptions(Json: args.Contains("--json")));
    plain.Log.Fail(error);
    return error.Code;
}

Screen NewScreen(GlobalOptions options) => new(
    options, Environment.GetEnvironmentVariable, TimeProvider.System, stopping.Token, ServiceManager.StatusOf(Environment.GetEnvironmentVariable),
    new OfferedCommands(SettingsFile.Named(options.ConfigFile, Environment.GetEnvironmentVariable), options.BackupDir));

// Where there is nothing to stop, the thread that waits for signals would take longer than all else.
PosixSignalRegistration? On(PosixSignal signal, ExitCode code, Command command) =>
    command is VersionCommand or HelpCommand ? null : PosixSignalRegistration.Create(signal, context => Stop(context, code));

void Stop(PosixSignalContext context, ExitCode code)
{
    context.Cancel = true;
    stoppedBy = code;
    deadline.Start();
    stopping.Cancel();
}

void SayThatItHangs() => shown?.Log.Fail(new UserError(
    stoppedBy,
    "interrupted; something did not stop in time, such as a disk or a server that does not respond, and the program was ended",
    "snapshots that were saved are intact; after a restore in place: vertex-ar-backup restore --continue"));
