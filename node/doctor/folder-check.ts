import { chmod, lstat, readdir, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCode } from '#node/errors'
import { bytesShort } from './shown-bytes.ts'
import type { Examination } from './examination.ts'

/** Free space below which a disk is named: room for a few batches of commits and a large asset. A guess. */
const FREE_BYTES_MIN = 256 * 1024 * 1024
/** How far a clock may be behind the newest commit of this device: it wrote that with the same clock. */
const CLOCK_SLACK_MS = 3_600_000

/** What a data folder has in it, and for secrets the mode that keeps them from others. */
const KNOWN: Readonly<Record<string, number | null>> = {
  ...{ format: null, lock: null, 'running.json': null, 'doctor.json': null },
  ...{
    'device.key': 0o600,
    'device.key.next': 0o600,
    'api.token': 0o600,
    'api.tokens': 0o600,
    'joining.kit': 0o600,
  },
  ...{ store: null, 'store.end': null, 'store.settings': null, 'store.open': null, 'store.books': null },
  ...{ views: null, assets: null, partial: null },
}

/** Checks names, modes and space of a data folder. */
export async function checkFolder(path: string, run: Examination): Promise<void> {
  run.progress('folder', 0, 1)
  for (const name of await readdir(path)) {
    const mode = KNOWN[name]
    if (mode === undefined) noteStray(name, run)
    else if (mode !== null) await checkSecret(join(path, name), mode, run)
  }
  const { mode } = await lstat(path)
  if ((mode & 0o077) !== 0) noteOpenFolder(path, mode & 0o777, run)
  await checkSpace(path, run)
}

/** Compares the clock with the newest commit of this device, which the same clock wrote. */
export function checkClock(lastOwnMs: number | null, nowMs: number, run: Examination): void {
  if (lastOwnMs === null || nowMs >= lastOwnMs - CLOCK_SLACK_MS) return
  run.note({
    code: 'clock',
    where: new Date(nowMs).toISOString(),
    severity: 'note',
    message: `the clock is behind: this device wrote its last commit at ${new Date(lastOwnMs).toISOString()}`,
    action: 'Set the clock. Nothing is lost: no rule judges the time of a commit.',
  })
}

function noteStray(name: string, run: Examination): void {
  const isKept = name === 'store.damaged' || name.startsWith('store.aside')
  run.note({
    code: 'folder-stray',
    where: name,
    severity: 'note',
    message: isKept ? `${name} holds a damaged database that was replaced` : `${name} is not of this program`,
    action: isKept ? 'Remove it once nothing is missing.' : 'Nothing uses it. Remove it if it is not yours.',
  })
}

function noteOpenFolder(path: string, mode: number, run: Examination): void {
  run.note({
    code: 'folder-mode',
    where: path,
    severity: 'note',
    message: `others on this machine can look into the data folder (mode ${mode.toString(8)})`,
    action: 'To keep them out: chmod 700. Its secrets have modes of their own.',
  })
}

async function checkSecret(path: string, allowed: number, run: Examination): Promise<void> {
  const info = await lstat(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null // gone since it was listed
    throw cause
  })
  const mode = (info?.mode ?? 0) & 0o777
  if (info === null || (mode & ~allowed) === 0) return
  const { repair } = run.options
  if (repair) await chmod(path, allowed)
  run.note({
    code: 'folder-mode',
    where: basename(path),
    severity: repair ? 'repaired' : 'pending',
    message: `others on this machine can read ${basename(path)} (mode ${mode.toString(8)})`,
    action: repair ? `Its mode is ${allowed.toString(8)} now.` : '`coop doctor --repair` takes that away.',
  })
}

async function checkSpace(path: string, run: Examination): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  if (free >= FREE_BYTES_MIN) return
  run.note({
    code: 'space',
    where: path,
    severity: 'note',
    message: `the disk has ${bytesShort(free)} left`,
    action: 'Free some space before it is full: then nothing can be written.',
  })
}
