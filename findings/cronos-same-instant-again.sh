#!/bin/bash
# Cronos 0.13.0 on .NET 10: in zones whose summer time is what .NET takes for the base, GetNextOccurrence(t, zone) answers t
# itself, though it is asked for what comes after t. A scheduler that asks for the next time after the last one stays there.
#
# Morocco counts UTC+1 all year and goes back an hour for Ramadan; tzdata says so with a negative saving. On 2027-03-14 at 02:00
# the hour comes back. Asked day by day from the day before, with that day's answer as the next question, 2027-03-14T02:00+01:00
# is the answer for ever. The same loop in Europe/Berlin names each day once.
#
# Seen on 2026-11-29:
#   Europe/Berlin: 5 different answers to 5 questions, 2027-03-18T02:00:00+01:00 the last
#   Africa/Casablanca: 1 different answers to 5 questions, 2027-03-14T02:00:00+01:00 the last
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
cat > ask.csproj << 'END'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="Cronos" Version="[0.13.0]" /></ItemGroup>
</Project>
END
cat > Program.cs << 'END'
var nightly = Cronos.CronExpression.Parse("0 2 * * *");
foreach (var name in new[] { "Europe/Berlin", "Africa/Casablanca" })
{
    var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
    var last = new DateTimeOffset(2027, 3, 13, 12, 0, 0, TimeSpan.Zero);
    var seen = new HashSet<DateTimeOffset>();
    for (var i = 0; i < 5; i++)
    {
        last = nightly.GetNextOccurrence(last, zone)!.Value;
        seen.Add(last);
    }

    Console.WriteLine($"{name}: {seen.Count} different answers to 5 questions, {last:yyyy-MM-ddTHH:mm:sszzz} the last");
}
END
dotnet build -v quiet -o out > build.log 2>&1 || { cat build.log; exit 1; }
seen=$(dotnet out/ask.dll)
echo "$seen"
[ "$seen" = 'Europe/Berlin: 5 different answers to 5 questions, 2027-03-18T02:00:00+01:00 the last
Africa/Casablanca: 1 different answers to 5 questions, 2027-03-14T02:00:00+01:00 the last' ] || { echo "this changed"; exit 1; }
