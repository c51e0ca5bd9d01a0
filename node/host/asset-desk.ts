import { basename, resolve } from 'node:path'
import type { Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { parseAssetCid, readDirectoryNode } from '#protocol/asset'
import { CATALOGUE, CatalogueState, encodeCatalogueEntries } from '#protocol/catalogue'
import type { CatalogueEntry, Listing } from '#protocol/catalogue'
import { fromHex, toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import { Fetcher, ASSET_PROTOCOL, Provider, addPath, serveAssets } from '#node/assets'
import type {
  AddProgress,
  AddedTree,
  AssetStore,
  FetchProgress,
  FetchResult,
  SkippedPath,
  StoredAsset,
} from '#node/assets'
import { CoopError } from '#node/errors'
import { AssetRepair } from './asset-repair.ts'
import type { CoopNode } from './coop-node.ts'

/** Entries of one section in which a new key says what it holds: well below what a section takes. */
const RESTATE_BATCH = 1_000
/** Why a device may fetch and not state so. */
const MUTED: readonly string[] = ['key-superseded', 'chain-incomplete', 'data-damaged']
/** How long a fetch waits for someone who has the asset, after all known holders were tried. */
const SEARCH_TIMEOUT_MS = 10_000

/** What `add` did. */
export interface Added {
  assets: { path: string; cid: string; bytes: number }[]
  skipped: SkippedPath[]
}

/** A row of the asset list. */
export interface AssetRow {
  listing: Listing
  cid: string
  isHeld: boolean
  /** Devices (hex). */
  holders: string[]
}

/** A name in a directory. */
export interface DirectoryRow {
  name: string
  cid: string
  kind: 'file' | 'directory'
}

/** Everything a node does with assets: add, list, fetch, unlist, serve. */
export class AssetDesk {
  readonly assets: AssetStore
  readonly #node: CoopNode
  readonly #fetcher: Fetcher
  /** Fetches again what turns out to be damaged. */
  readonly repair: AssetRepair

  constructor(node: CoopNode, assets: AssetStore) {
    this.#node = node
    this.assets = assets
    const { log } = node.config
    this.#fetcher = new Fetcher({
      assets,
      sha256: node.crypto.sha256,
      log: log.child({ part: 'assets' }),
      source: {
        candidates: (cid) => this.#candidates(cid),
        connect: (device) => this.#connect(device),
        nameOf: (device) => this.nameOf(device),
      },
    })
    this.repair = new AssetRepair({
      assets,
      log: log.child({ part: 'assets' }),
      fetch: async (cid) => this.fetch(cid, () => null, new AbortController().signal),
      canFetch: () => (node.mesh?.connectedDevices().length ?? 0) > 0,
    })
    node.on('changed', (what) => {
      if (what.includes('peers')) this.repair.resume()
    })
  }

  /** Serves one stream of a member. */
  readonly serve = (stream: Stream): Promise<void> => serveAssets(stream, this.assets)

  /** Adds files and directories and puts them on the co-op's list; all of them or, on a failure, none. */
  async addPaths(
    paths: readonly string[],
    onProgress: (it: AddProgress) => void,
    signal: AbortSignal,
  ): Promise<Added> {
    this.#node.needMembership()
    const skipped: SkippedPath[] = []
    const trees: { path: string; tree: AddedTree }[] = []
    for (const path of paths.map((it) => resolve(it))) {
      const parts = { assets: this.assets, sha256: this.#node.crypto.sha256, onProgress, skipped, signal }
      trees.push({ path, tree: await addPath(path, parts) })
    }
    await this.#list(trees.map(({ tree }) => tree))
    return {
      assets: trees.map(({ path, tree }) => ({ path, cid: tree.cid, bytes: tree.sizeBytes })),
      skipped,
    }
  }

  /** Adds one file from a stream of bytes. */
  async addStream(name: string, source: AsyncIterable<Uint8Array>): Promise<Added> {
    this.#node.needMembership()
    const file = await this.assets.addFile(source, () => null)
    const tree: AddedTree = { ...file, name: basename(name), kind: 'file' }
    await this.#list([tree])
    return { assets: [{ path: tree.name, cid: tree.cid, bytes: tree.sizeBytes }], skipped: [] }
  }

  /** The co-op's list: one row a listing, the newest first. */
  async rows(): Promise<AssetRow[]> {
    const catalogue = await this.#catalogue()
    const held = await this.assets.held()
    return [...catalogue.listings.values()]
      .map((listing) => {
        const cid = cidText(listing.cid)
        return {
          listing,
          cid,
          isHeld: held.has(cid),
          holders: [...(catalogue.holders.get(toHex(listing.cid))?.keys() ?? [])],
        }
      })
      .sort((a, b) => b.listing.timeMs - a.listing.timeMs || (a.listing.key < b.listing.key ? -1 : 1))
  }

  /** Brings a whole asset to this node and states so. */
  async fetch(
    text: string,
    onProgress: (it: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    this.#node.needMembership()
    const cid = readCid(text)
    const result = await this.#fetcher.fetch(cid, onProgress, signal)
    try {
      await this.#stateHolding([cid])
    } catch (cause) {
      // It is here all the same; nobody else can be told.
      const isMuted = cause instanceof CoopError && MUTED.includes(cause.code)
      if (!isMuted) throw cause
    }
    return result
  }

  /** States under this device's key what its folder holds and `former` (hex), its key before, said that it holds. */
  async restateHolding(former: string): Promise<void> {
    const { holders } = await this.#catalogue()
    const held = [...(await this.assets.held())]
    const stated = held.filter((cid) => holders.get(toHex(bytesOfCid(cid)))?.has(former) === true)
    for (let at = 0; at < stated.length; at += RESTATE_BATCH)
      await this.#stateHolding(stated.slice(at, at + RESTATE_BATCH))
  }

  /** Takes a listing off the list; bytes that others hold stay with them. */
  async unlist(key: string): Promise<void> {
    const listing = (await this.#catalogue()).listings.get(key)
    const [commit, index] = key.split('/')
    const id = fromHex(commit ?? '')
    if (listing === undefined || id === null) {
      throw new CoopError(
        'listing-unknown',
        'no such listing',
        'Run `coop ls`; it may have been taken off already.',
      )
    }
    await this.#write([{ t: 'unlist', commit: id, index: Number(index) }])
  }

  /** What this node holds under a CID, following names into directories. */
  async resolve(text: string, path: readonly string[]): Promise<StoredAsset> {
    let cid = readCid(text)
    for (const name of path) cid = await this.#child(cid, name)
    const asset = await this.assets.get(cid)
    if (asset !== null) return asset
    throw new CoopError('asset-not-held', `this node does not hold ${cid}`, `Fetch it first: coop get ${cid}`)
  }

  /** Names in a directory that this node holds, with what they name. */
  async entries(asset: StoredAsset): Promise<DirectoryRow[]> {
    return this.#entries(asset, new Set())
  }

  /** `walked` holds the parts seen so far: a few hostile parts that name each other often list names without end. */
  async #entries(asset: StoredAsset, walked: Set<string>): Promise<DirectoryRow[]> {
    if (asset.kind === 'file') return []
    if (walked.has(asset.cid))
      throw new CoopError('asset-corrupt', `${asset.cid} is a part of a directory twice`, 'Ask who added it.')
    walked.add(asset.cid)
    const node = readDirectoryNode(asset.block)
    if (!node.ok)
      throw new CoopError(
        'asset-corrupt',
        `${asset.cid} is not a directory: ${node.refusal}`,
        'Ask who added it.',
      )
    const entries: DirectoryRow[] = []
    for (const entry of node.entries) {
      const cid = entry.cid.toString()
      // A raw CID is a small file; what a dag-pb CID is shows in the store.
      const isDirectory = (await this.assets.get(cid))?.kind === 'node'
      entries.push({ name: entry.name, cid, kind: isDirectory ? 'directory' : 'file' })
    }
    for (const shard of node.shards) {
      const child = await this.assets.get(shard.toString())
      for (const entry of child === null ? [] : await this.#entries(child, walked)) entries.push(entry)
    }
    return entries
  }

  /** A device's name for people. */
  nameOf(device: string): string {
    const entry = this.#node.membershipOrNull?.engine.replica.authority.devices.get(device)
    return entry === undefined
      ? deviceText(fromHex(device) ?? new Uint8Array(32))
      : `${entry.memberName}/${entry.deviceName}`
  }

  async #child(cid: string, name: string): Promise<string> {
    const asset = await this.assets.get(cid)
    const entries = asset === null ? [] : await this.entries(asset)
    const entry = entries.find((it) => it.name === name)
    if (entry !== undefined) return entry.cid
    throw new CoopError(
      'asset-not-held',
      `${cid} has no '${name}' on this node`,
      'Check the name, or fetch the directory first.',
    )
  }

  async #list(trees: readonly AddedTree[]): Promise<void> {
    await this.assets.markHeld(trees.map((tree) => tree.cid))
    const listings = trees.map((tree): CatalogueEntry => {
      const cid = bytesOfCid(tree.cid)
      return { t: 'list', cid, name: cleanName(tree.name), sizeBytes: tree.sizeBytes, kind: tree.kind }
    })
    const holds = [...new Set(trees.map((tree) => tree.cid))].map((cid): CatalogueEntry => ({
      t: 'hold',
      cid: bytesOfCid(cid),
    }))
    await this.#write([...listings, ...holds])
    for (const { cid } of trees) this.#provide(cid)
  }

  async #stateHolding(cids: readonly string[]): Promise<void> {
    const { engine } = this.#node.membership
    const own = engine.replica.device ?? ''
    const { holders } = await this.#catalogue()
    const fresh = cids.filter((cid) => holders.get(toHex(bytesOfCid(cid)))?.has(own) !== true)
    if (fresh.length > 0) await this.#write(fresh.map((cid) => ({ t: 'hold', cid: bytesOfCid(cid) })))
    for (const cid of fresh) this.#provide(cid)
  }

  async #write(entries: CatalogueEntry[]): Promise<void> {
    const payload = encodeCatalogueEntries(entries)
    await this.#node.membership.engine.append([{ document: CATALOGUE, entries: entries.length, payload }])
  }

  #provide(cid: string): void {
    this.#node.mesh?.provide(cid).catch((cause: unknown) => {
      // Only a hint: the catalogue names the holders.
      this.#node.config.log.debug({ err: cause, cid }, 'the DHT took no provider record')
    })
  }

  /** Holders by the catalogue, connected ones first; then whoever the DHT names. */
  async *#candidates(cid: string): AsyncGenerator<string> {
    const { engine } = this.#node.membership
    const own = engine.replica.device
    const { mesh } = this.#node
    if (mesh === null) {
      throw new CoopError(
        'mesh-paused',
        'this node is off the mesh',
        'Bring it back with `coop mesh resume`.',
      )
    }
    const connected = new Set(mesh.connectedDevices())
    const stated = (await this.#holdersOf(cid)).filter((it) => it !== own)
    yield* stated.filter((it) => connected.has(it))
    yield* stated.filter((it) => !connected.has(it))
    yield* [...connected].filter((it) => !stated.includes(it))
    yield* await mesh.findProviders(cid, SEARCH_TIMEOUT_MS)
  }

  /** Devices that said that they hold it; none while the catalogue cannot be read. */
  async #holdersOf(cid: string): Promise<string[]> {
    try {
      return [...((await this.#catalogue()).holders.get(toHex(bytesOfCid(cid)))?.keys() ?? [])]
    } catch (cause) {
      if (!(cause instanceof CoopError) || cause.code !== 'data-damaged') throw cause
      return []
    }
  }

  async #connect(device: string): Promise<Provider> {
    const { mesh } = this.#node
    if (mesh === null)
      throw new CoopError('mesh-paused', 'this node is off the mesh', 'Run `coop mesh resume`.')
    await mesh.dial(device)
    return new Provider(device, await mesh.openStream(device, ASSET_PROTOCOL))
  }

  async #catalogue(): Promise<CatalogueState> {
    const state = await this.#node.membership.engine.open(CATALOGUE)
    if (state instanceof CatalogueState) return state
    throw new Error('the catalogue is not registered')
  }
}

/** The CID text of a listing. */
export function cidText(bytes: Uint8Array): string {
  return CID.decode(bytes).toString()
}

function bytesOfCid(text: string): Uint8Array {
  return CID.parse(text).bytes
}

function readCid(text: string): string {
  const parsed = parseAssetCid(text)
  if (parsed.ok) return parsed.cid.toString()
  throw new CoopError(
    'not-a-cid',
    `'${text.slice(0, 80)}' is not the CID of an asset (${parsed.refusal})`,
    'Copy it from `coop ls`.',
  )
}

/** File names may hold anything; list names are for people. */
function cleanName(name: string): string {
  const clean = name
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
    .trim()
    .slice(0, 255)
  return clean === '' ? 'unnamed' : clean
}
