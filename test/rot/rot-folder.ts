import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import pino from 'pino'
import { BoardState } from '#protocol/board'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { openBoard } from '#node/boards'
import { CoopNode } from '#node/host'
import type { NodeConfig } from '#node/host'

/** Bytes of the asset: a leaf and a bit. */
const ASSET_BYTES = 1_100_000
/** Commits of each of the two runs that write the folder. */
const COMMITS = 12

/** A data folder as real work leaves it, and what it holds. */
export interface RotFolder {
  path: string
  state: FolderState
  /** All its commits: what other devices have. */
  records: CommitRecord[]
  assets: string[]
}

/** What must be equal after any damage and its repair. */
export interface FolderState {
  coop: string
  device: string
  /** State hash of each document, and of all heads. */
  hashes: Record<string, string>
  /** What a board shows. */
  fields: Record<string, unknown>
  held: string[]
  mesh: string
}

/** Opens a node without a mesh, silent. */
export async function openFolder(path: string): Promise<CoopNode> {
  const config: NodeConfig = {
    ...{
      dataPath: path,
      statePath: null,
      passphrase: undefined,
      port: 0,
      host: '127.0.0.1',
      isMdnsOn: false,
    },
    log: pino({ level: process.env['COOP_LOG'] ?? 'silent' }, pino.destination(2)),
  }
  return CoopNode.open(config)
}

/** Makes a folder in two runs, so that it has tables and logs, kept boards, assets and settings. */
export async function makeRotFolder(path: string): Promise<RotFolder> {
  const source = `${path}-source`
  await mkdir(join(source, 'menu'), { recursive: true })
  await writeFile(join(source, 'film'), randomBytes(ASSET_BYTES))
  for (const name of ['a', 'b']) await writeFile(join(source, 'menu', name), randomBytes(300))
  for (const run of [1, 2]) {
    const node = await openFolder(path)
    if (run === 1) await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
    for (let i = 0; i < COMMITS; i += 1) {
      const writer = await node.boardWriter(i % 3 === 0 ? 'prices' : 'orders')
      await writer.set(`item ${i % 5}`, `${run}/${i}`)
    }
    await node.invite('venue', 1, 86_400_000)
    const names = run === 1 ? ['film'] : ['menu']
    const signal = new AbortController().signal
    await node.desk.addPaths(
      names.map((it) => join(source, it)),
      () => null,
      signal,
    )
    if (run === 2) await node.pause()
    await node.close()
  }
  await rm(source, { recursive: true })
  const node = await openFolder(path)
  const state = await stateOf(node)
  const { engine } = node.membership
  const records = await engine.read(Array.from({ length: engine.replica.logLength }, (_, order) => order))
  const assets = [...(await node.desk.assets.held())]
  await node.folder.token()
  await node.close()
  return { path, state, records, assets }
}

/** What a node shows; documents that cannot be put together are left out. */
export async function stateOf(node: CoopNode): Promise<FolderState> {
  const { engine, coop } = node.membership
  const hashes: Record<string, string> = { heads: toHex(engine.replica.heads.root()) }
  for (const id of engine.replica.documentIds()) {
    const summary = await engine.summary(id).catch(() => null)
    if (summary !== null) hashes[id] = toHex(summary.stateHash)
  }
  const board = await openBoard(engine, 'prices').catch(() => null)
  return {
    coop: toHex(coop),
    device: node.device,
    hashes,
    fields: board instanceof BoardState ? { ...board.view().fields } : {},
    held: [...(await node.desk.assets.held())].sort(),
    mesh: node.meshState,
  }
}

/** Files of a folder by their path in it, with their sizes; empty ones are left out. */
export async function filesOf(path: string): Promise<{ name: string; bytes: number }[]> {
  const files: { name: string; bytes: number }[] = []
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const name = relative(path, join(entry.parentPath, entry.name))
    const { size } = await stat(join(path, name))
    if (size > 0) files.push({ name, bytes: size })
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Puts a fresh copy of a folder at `to`. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await cp(from, to, { recursive: true })
}
