import { link, open, readFile, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CoopError, systemCode } from '#node/errors'

/** Held by the one process that may write to a data folder. */
export interface FolderLock {
  release(): Promise<void>
}

/** Tries at a lock whose holder is gone; more than two means that others are starting too. */
const TRIES_MAX = 3

/**
 * Takes the folder's lock: a file that names the holder's pid and start time. The lock of a process that is gone is
 * taken over. LevelDB's own lock stands behind it, so that a mistake here is an error and never two writers.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'lock')
  const own = `${process.pid} ${(await startTime(process.pid)) ?? ''}\n`
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    if (await tryCreate(path, own)) return { release: () => release(path, own) }
    const holder = await readLock(path)
    if (holder !== null && (await isAlive(holder))) {
      throw new CoopError(
        'data-locked',
        `the data folder ${folder} is in use by process ${holder.pid}`,
        `Talk to that node, or end it with \`coop stop --data ${folder}\` (or \`kill ${holder.pid}\`).`,
      )
    }
    await rm(path, { force: true })
  }
  throw new CoopError('data-locked', `another process is starting on ${folder}`, 'Try again in a moment.')
}

/** The pid that holds a folder's lock, or null when none does. */
export async function lockHolder(folder: string): Promise<number | null> {
  const holder = await readLock(join(folder, 'lock'))
  return holder !== null && (await isAlive(holder)) ? holder.pid : null
}

/** Creates the lock with its content in one step: a lock without a pid is never seen. */
async function tryCreate(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}`
  const file = await open(temporary, 'w', 0o600)
  await file.writeFile(content)
  await file.close()
  try {
    await link(temporary, path)
    return true
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false
    throw cause
  } finally {
    await unlink(temporary)
  }
}

async function release(path: string, own: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => '')
  if (content === own) await rm(path, { force: true })
}

interface Holder {
  pid: number
  started: string
}

async function readLock(path: string): Promise<Holder | null> {
  const content = await readFile(path, 'utf8').catch(() => '')
  const [pid = '', started = ''] = content.trim().split(' ')
  return /^\d+$/.test(pid) ? { pid: Number(pid), started } : null
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0)
  } catch (cause) {
    return systemCode(cause) === 'EPERM'
  }
  const started = await startTime(holder.pid)
  return holder.started === '' || started === null || started === holder.started
}

/** Start time of a process in clock ticks (proc(5), field 22), against reused pids; null where there is no /proc. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}
