import { randomBytes } from 'node:crypto'
import { access, chmod, constants, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CoopError, systemCode } from '#node/errors'
import { FindingLog } from '#node/findings'
import { dropUnfinished, writeDurably } from './durable-file.ts'
import { FOLDER_FORMAT, checkFormat, formatText } from './folder-format.ts'
import { lockFolder } from './folder-lock.ts'
import type { FolderLock } from './folder-lock.ts'

/** Where a node keeps everything: `--data`, else COOP_DATA, else the XDG data folder. */
export function dataFolderPath(option: string | undefined, env: NodeJS.ProcessEnv): string {
  if (option !== undefined && option !== '') return resolve(option)
  if (env['COOP_DATA'] !== undefined && env['COOP_DATA'] !== '') return resolve(env['COOP_DATA'])
  const base = env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share')
  return join(base, 'coopmesh')
}

/** An opened data folder: this process alone writes to it until it is closed. */
export class DataFolder {
  readonly path: string
  /** What was found damaged since the folder was opened. */
  readonly findings: FindingLog
  readonly #lock: FolderLock

  private constructor(path: string, lock: FolderLock, findings: FindingLog) {
    this.path = path
    this.findings = findings
    this.#lock = lock
  }

  /** Creates what is missing, checks the format and takes the lock. */
  static async open(path: string): Promise<DataFolder> {
    try {
      await makeFolder(path)
      await access(path, constants.W_OK | constants.X_OK)
    } catch (cause) {
      const code = systemCode(cause)
      if (code === 'ENOSPC') throw cause
      throw new CoopError(
        'data-unwritable',
        `cannot write to the data folder ${path} (${code ?? 'unknown'})`,
        'Give this user write access to it, or name another folder with --data or COOP_DATA.',
        cause,
      )
    }
    const findings = new FindingLog()
    await checkFormat(path, findings)
    const lock = await lockFolder(path)
    const folder = new DataFolder(path, lock, findings)
    try {
      // Left by a process that was killed; whoever answers on that port today must not be sent the token.
      await rm(runningPath(path), { force: true })
      await dropUnfinished(path)
      await writeDurably(join(path, 'format'), formatText(FOLDER_FORMAT))
      for (const name of ['assets', 'partial'])
        await mkdir(join(path, name), { recursive: true, mode: 0o700 })
      await dropCutAdds(folder.partialPath)
      return folder
    } catch (cause) {
      await lock.release()
      throw cause
    }
  }

  get storePath(): string {
    return join(this.path, 'store')
  }

  /** Saved books of the log. */
  get booksPath(): string {
    return join(this.path, 'store.books')
  }

  get viewsPath(): string {
    return join(this.path, 'views')
  }

  get assetsPath(): string {
    return join(this.path, 'assets')
  }

  get partialPath(): string {
    return join(this.path, 'partial')
  }

  get keyPath(): string {
    return join(this.path, 'device.key')
  }

  /** The key that takes the place of `keyPath` once the co-op admitted it. */
  get nextKeyPath(): string {
    return join(this.path, 'device.key.next')
  }

  /** Holds a new member's recovery key while it asks to be admitted, and not a moment longer. */
  get joiningKitPath(): string {
    return join(this.path, 'joining.kit')
  }

  /** Tokens of the API that were created, without their secrets (mode 0600). */
  get tokensPath(): string {
    return join(this.path, 'api.tokens')
  }

  /** Throws when the folder was used and its device key is gone: a new key would be another device. */
  async needKey(): Promise<void> {
    const names = await readdir(this.path)
    if (names.includes('device.key') || !(names.includes('store') || names.includes('store.settings'))) return
    throw new CoopError(
      'data-damaged',
      `the device key ${this.keyPath} is missing`,
      'Put it back if you moved it. Else move this data folder aside and join the co-op again with a new invite.',
    )
  }

  /** The token that the API asks for, made on first use (mode 0600). */
  async token(): Promise<string> {
    const path = tokenPath(this.path)
    try {
      const token = (await readFile(path, 'utf8')).trim()
      if (/^[\w-]{32}$/.test(token)) {
        await chmod(path, 0o600)
        return token
      }
      this.findings.note({
        code: 'api-token',
        where: 'api.token',
        severity: 'note',
        message: 'the token of the API was damaged',
        action: 'A new one was made; pages have to be opened anew.',
      })
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw cause
    }
    const token = randomBytes(24).toString('base64url')
    await writeDurably(path, `${token}\n`)
    return token
  }

  /** Says where this process listens, for the commands that talk to it. */
  async announce(http: string): Promise<void> {
    await writeDurably(runningPath(this.path), `${JSON.stringify({ pid: process.pid, http })}\n`)
  }

  async close(): Promise<void> {
    await rm(runningPath(this.path), { force: true })
    await this.#lock.release()
  }
}

/** Throws unless there is a data folder: what only looks at one, or changes one, does not make it. */
export async function needFolder(path: string): Promise<void> {
  const hasFormat = await stat(join(path, 'format')).then(
    () => true,
    (cause: unknown) => {
      const code = systemCode(cause)
      if (code === 'ENOENT' || code === 'ENOTDIR') return false
      throw cause
    },
  )
  if (hasFormat) return
  const next = 'Name it with --data or COOP_DATA.'
  throw new CoopError('not-founded', `there is no data folder at ${path}`, next)
}

/** The file that holds the API token. */
export function tokenPath(folder: string): string {
  return join(folder, 'api.token')
}

/** The file that says which process runs on this folder and where it listens. */
export function runningPath(folder: string): string {
  return join(folder, 'running.json')
}

/** Removes what an add left that was cut off by a crash. Begun fetches stay: they are gone on with. */
async function dropCutAdds(partialPath: string): Promise<void> {
  for (const name of await readdir(partialPath))
    if (name.startsWith('add-')) await rm(join(partialPath, name), { force: true })
}

/** Makes a folder and its parents. (Node's own recursive form never returns below a file system such as /proc.) */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'EEXIST') return
    // A parent that exists already and still has no place for us: nothing more can be done.
    if (code !== 'ENOENT' || dirname(path) === path || (await isFolder(dirname(path)))) throw cause
    await makeFolder(dirname(path))
    await mkdir(path, { mode: 0o700 })
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (it) => it.isDirectory(),
    () => false,
  )
}
