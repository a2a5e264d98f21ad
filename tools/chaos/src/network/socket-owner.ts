import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Which of some processes holds the TCP socket with this local port and address (Linux, IPv4); null: none. */
export function socketOwner(address: string, port: number, pids: readonly number[]): number | null {
  const inode = inodeOf(address, port);
  if (inode === null) return null;
  return pids.find((pid) => holds(pid, `socket:[${inode}]`)) ?? null;
}

function inodeOf(address: string, port: number): string | null {
  const local = `${hexAddress(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(local) && fields[9] !== undefined && fields[9] !== '0') return fields[9];
    }
  }
  return null;
}

/** As the kernel prints it: the four bytes as one number of the machine, which is little-endian. */
function hexAddress(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.reverse().join('');
}

function holds(pid: number, link: string): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((fd) => {
      try {
        return readlinkSync(`${directory}/${fd}`) === link;
      } catch {
        return false; // closed since it was listed
      }
    });
  } catch {
    return false; // the process has ended
  }
}
