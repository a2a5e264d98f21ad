import { spawnSync } from 'node:child_process';
import { root, say } from './prepare.mjs';

// Known vulnerabilities of level high and above in what production needs. A registry that cannot be asked, or has no
// such list, is not the fault of a change: that is said, and passes. AUDIT_REQUIRED=1 makes it fail, for where it answers.

const args = ['audit', '--omit=dev', '--audit-level=high', '--json'];
const { stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
const report = parse(stdout);
const counts = report?.metadata?.vulnerabilities;

if (counts === undefined) {
  const reason = report?.message ?? report?.error?.summary ?? 'no answer';
  say(`The registry did not answer the audit (${reason}): nothing was checked.`);
  process.exitCode = process.env.AUDIT_REQUIRED === '1' ? 1 : 0;
} else {
  const severe = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  for (const { name, severity, range } of severe) say(`${severity}: ${name} ${range}`);
  say(
    `${counts.total} known vulnerabilities in production dependencies, ${severe.length} of them high or critical`,
  );
  process.exitCode = severe.length > 0 ? 1 : 0;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
