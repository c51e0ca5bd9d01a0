import { readFile, rename, mkdir, realpath, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { systemCode } from '#node/errors'
import { deviceOfKeyText } from './key-text.ts'

/** One opening of a data folder: how many there were before, and a random id. */
export interface Opening {
  count: number
  /** 32 hexadecimal digits. */
  id: string
}

/** What this machine remembers of a device, outside its data folder: which folder last ran with its key, and how far. */
export interface DeviceMarker {
  /** Real path of the data folder. */
  folder: string
  /** Device and inode of that folder, `dev:ino`. */
  place: string
  opening: Opening
  /** Commits of the device's own chain. Lags by seconds after an unclean stop, never runs ahead. */
  commits: number
  /** Id of the last of them, hex; empty when there is none. */
  head: string
}

/** What is now at the folder that a marker names: this very folder, nothing, another device, or this device's key too. */
export type MarkedFolder = 'this' | 'gone' | 'other' | 'twin'

/** What is known of the folder that is being opened. */
export interface FolderFacts {
  place: string
  /** Its last opening as its own store tells; null when it was never opened. */
  opening: Opening | null
  /** True when its log holds the head that the marker names. */
  hasHead: boolean
  marked: MarkedFolder
}

/**
 * What a marker says of a folder. `unsure`: nothing speaks against it, but another device should be asked before it
 * writes. `older`: the device wrote more than this folder holds. `copy`: the folder that ran last is still there.
 */
export type MarkerVerdict = 'own' | 'unsure' | 'older' | 'copy'

/** Judges a marker. A missing one never condemns: the machine may be new, or its state folder was cleaned. */
export function judgeMarker(marker: DeviceMarker | null, facts: FolderFacts): MarkerVerdict {
  const { opening } = facts
  if (marker === null) return opening === null ? 'own' : 'unsure'
  if (marker.commits > 0 && !facts.hasHead) return 'older'
  if (facts.marked === 'twin') return 'copy'
  // Another image of the store than the one that ran last, or the machine stopped between two writes.
  if (opening?.count !== marker.opening.count || opening.id !== marker.opening.id) return 'unsure'
  // A folder that was renamed keeps its inode; one that was copied and then removed, or put back, does not.
  return facts.marked !== 'other' && facts.place !== marker.place ? 'unsure' : 'own'
}

/** Where markers lie: COOP_STATE, else `coopmesh` in the XDG state folder. */
export function stateFolderPath(env: NodeJS.ProcessEnv): string {
  if (env['COOP_STATE'] !== undefined && env['COOP_STATE'] !== '') return resolve(env['COOP_STATE'])
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'coopmesh')
}

/** The file of a device (key in hex). */
export function markerPath(stateFolder: string, device: string): string {
  return join(stateFolder, 'devices', `${device}.json`)
}

/** The marker at a path; null when there is none that can be read. */
export async function readMarker(path: string): Promise<DeviceMarker | null> {
  const text = await readFile(path, 'utf8').catch(() => '')
  try {
    const value: unknown = JSON.parse(text)
    return isMarker(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Replaces the marker. No fsync: one that is lost or lags makes the node ask a peer, never more. Throws where the state
 * folder cannot be written.
 */
export async function writeMarker(path: string, marker: DeviceMarker): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(temporary, `${JSON.stringify(marker)}\n`, { mode: 0o600 })
  await rename(temporary, path)
}

/** Real path and place of a data folder. */
export async function placeOf(folder: string): Promise<{ folder: string; place: string }> {
  const path = await realpath(folder)
  const { dev, ino } = await stat(path, { bigint: true })
  return { folder: path, place: `${dev}:${ino}` }
}

/** Looks at the folder that a marker names, from the folder `own`. */
export async function lookAtMarked(
  marker: DeviceMarker,
  own: { folder: string; place: string },
): Promise<MarkedFolder> {
  if (marker.folder === own.folder) return 'this'
  try {
    const { place } = await placeOf(marker.folder)
    if (place === own.place) return 'this'
    const [theirs = '', ours = ''] = await Promise.all(
      [marker.folder, own.folder].map((folder) => readFile(join(folder, 'device.key'), 'utf8')),
    )
    return isSameKey(theirs, ours) ? 'twin' : 'other'
  } catch (cause) {
    const code = systemCode(cause)
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : 'other'
  }
}

/** Compares public keys, since each may be sealed in its own way; where one cannot be told, the files. */
function isSameKey(theirs: string, ours: string): boolean {
  const [a, b] = [deviceOfKeyText(theirs), deviceOfKeyText(ours)]
  return a === null || b === null ? theirs === ours : Buffer.compare(a, b) === 0
}

function isMarker(value: unknown): value is DeviceMarker {
  if (typeof value !== 'object' || value === null) return false
  const { folder, place, opening, commits, head } = value as Partial<DeviceMarker>
  const isOpening =
    typeof opening === 'object' &&
    opening !== null &&
    Number.isSafeInteger(opening.count) &&
    isHex(opening.id)
  const isLength = typeof commits === 'number' && Number.isSafeInteger(commits) && commits >= 0
  return typeof folder === 'string' && typeof place === 'string' && isOpening && isLength && isHex(head)
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]*$/.test(value)
}
