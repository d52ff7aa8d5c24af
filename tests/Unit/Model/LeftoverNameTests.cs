using System.Text;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class LeftoverNameTests
{
    [Theory]
    [InlineData("app.db.before_restore_20261129T001500.123Z")]
    [InlineData("app.db.before_restore_20261129T001500.123Z-wal")]
    [InlineData("storage.before_restore_20261129T001500Z")]
    [InlineData(".before_restore_20261129T001500.123Z")]
    [InlineData(".app.db.restore_20261129T001500.123Z")]
    [InlineData(".restore_20240229T235959Z")]
    [InlineData("a.before_restore_x.before_restore_20261129T001500.123Z")]
    [InlineData(".vertex-ar-backup-trial-20261129T001500Z")]
    [InlineData(".storage.restore_20261129t001500.123z.probe")]
    public void What_a_restore_leaves_is_known_by_its_name(string name) => Assert.True(LeftoverName.Is(Encoding.UTF8.GetBytes(name)));

    [Theory]
    [InlineData("notes.before_restore_plan")]
    [InlineData("app.db.before_restore_20261129T001500.123Z.txt")]
    [InlineData("app.db.before_restore_20261129")]
    [InlineData(".vertex-ar-backup-trial-plan")]
    [InlineData("app.db.before_restore_20261329T001500.123Z")]
    [InlineData("app.db.before_restore_20230229T001500Z")]
    [InlineData("app.db.before_restore_20261129T001500.12Z")]
    [InlineData("app.db.before_restore_2026112 T001500Z")]
    [InlineData("app.db.restore_20261129T001500.123Z")]
    [InlineData("before_restore_20261129T001500.123Z")]
    [InlineData("app.db.before_restore_20261129T001500.123z")]
    [InlineData(".restore_")]
    [InlineData("")]
    public void A_name_that_is_only_like_it_is_a_users(string name) => Assert.False(LeftoverName.Is(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void A_time_of_other_bytes_than_ASCII_is_none() => Assert.False(LeftoverName.Is([.. ".restore_2026112"u8, 0xFF, .. "T001500Z"u8]));
}
