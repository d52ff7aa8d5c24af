"""An SFTP server: OpenSSH's, on the loopback, with keys that are thrown away and nothing allowed but SFTP."""
import getpass
import os
import shutil
import signal
import subprocess

import servers

CONFIGURATION = """
ListenAddress 127.0.0.1
Port {port}
HostKey {root}/host
PidFile none
AuthorizedKeysFile {root}/client.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
PermitTTY no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {data}
"""


class SftpServer:
    """Serves the directory data below root, or another place. Needs no root, but then serves its own user only."""

    def __init__(self, root, data=None):
        self.root, self.data, self.port = root, data or f"{root}/data", servers.free_ports(1)
        os.makedirs(self.data, exist_ok=True)
        # The path at which sshd wants an empty directory for its unprivileged child.
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        for name in ("host", "client", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", f"{root}/{name}"], check=True)
        with open(f"{root}/sshd_config", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=self.port, root=root, data=self.data))
        with open(f"{root}/host.pub", encoding="utf-8") as key, open(f"{root}/known_hosts", "w", encoding="utf-8") as known:
            known.write(f"[127.0.0.1]:{self.port} {key.read()}")
        sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.server = servers.Server([sshd, "-D", "-e", "-f", f"{root}/sshd_config"], f"{root}/sshd.log")
        self.user = getpass.getuser()

    def start(self):
        self.server.start()
        servers.wait_until(lambda: servers.answers(self.port), 20, "the SFTP server answers")

    def stop(self):
        self.server.kill()

    def pause(self):
        self.server.pause()

    def go_on(self):
        self.server.go_on()

    def drop_sessions(self):
        """Kills the processes that serve the connections that there are; the server stays."""
        for pid in servers.descendants(self.server.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
