import type { Stream } from '@libp2p/interface'
import { LEAF_BYTES, leafCount } from '#protocol/asset'
import { decodeCanonical, encodeCanonical, isBytes, isCount } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { FramedStream } from '#node/mesh'
import type { AssetStore, StoredAsset } from './asset-store.ts'

/** Protocol of the asset streams. */
export const ASSET_PROTOCOL = '/coopmesh/assets/1'
/** Bytes of one frame: a leaf, or the leaf hashes of a file of 256 GiB. */
export const ASSET_FRAME_BYTES_MAX = 8 * 1024 * 1024 + 1_024
/** Leaves asked for at once. */
export const LEAVES_PER_REQUEST = 16
/** How long an open asset stream may be silent. */
const IDLE_TIMEOUT_MS = 60_000
/** How long a provider may take for one frame. A leaf at 128 kbit/s takes 66 s; slower links need smaller leaves. */
export const LEAF_TIMEOUT_MS = 90_000

/** What a provider says of a CID: nothing, a file with its leaf hashes, or a directory node. */
export type AssetStat =
  | { kind: 'none' }
  | { kind: 'file'; sizeBytes: number; leafHashes: Uint8Array }
  | { kind: 'node'; block: Uint8Array }

/** Serves one asset stream of a member: `stat` and `leaves` requests, one after the other. */
export async function serveAssets(stream: Stream, assets: AssetStore): Promise<void> {
  const framed = new FramedStream(stream, 1_024)
  while (!framed.hasEnded) {
    const request = readRequest(await framed.next(IDLE_TIMEOUT_MS))
    if (request === null) return framed.abort('malformed request')
    const asset = await assets.get(request.cid)
    if (request.kind === 'stat') await framed.send(encodeStat(asset))
    else await sendLeaves(framed, assets, asset, request)
  }
}

/** One provider, asked over one stream. */
export class Provider {
  /** Device key in hex. */
  readonly device: string
  readonly #framed: FramedStream

  constructor(device: string, stream: Stream) {
    this.device = device
    this.#framed = new FramedStream(stream, ASSET_FRAME_BYTES_MAX)
  }

  /** What the provider has under a CID; unverified. */
  async stat(cid: string, timeoutMs: number): Promise<AssetStat> {
    await this.#framed.send(encodeCanonical(['stat', cid]))
    return decodeStat(await this.#framed.next(timeoutMs))
  }

  /** Asks for leaves `from` up to but not with `to`; take them with `nextLeaf`, in order. */
  async request(cid: string, from: number, to: number): Promise<void> {
    await this.#framed.send(encodeCanonical(['leaves', cid, from, to]))
  }

  /** The next leaf that was asked for; unverified. Empty files have one leaf, sent as an empty frame. */
  async nextLeaf(): Promise<Uint8Array> {
    const frame = await this.#framed.next(LEAF_TIMEOUT_MS)
    // The first byte says whether the leaf follows; an empty frame cannot be sent.
    if (frame[0] !== 1) throw new Error('the provider cannot read this leaf')
    return frame.subarray(1)
  }

  close(): void {
    this.#framed.abort('done')
  }
}

interface LeavesRequest {
  kind: 'leaves'
  cid: string
  from: number
  to: number
}

async function sendLeaves(
  framed: FramedStream,
  assets: AssetStore,
  asset: StoredAsset | null,
  request: LeavesRequest,
): Promise<void> {
  if (asset?.kind !== 'file' || request.to > leafCount(asset.sizeBytes)) return framed.abort('no such leaves')
  const handle = await assets.openFile(asset.cid)
  try {
    let next = assets.readCheckedLeaf(asset, handle, request.from)
    for (let index = request.from; index < request.to; index += 1) {
      const leaf = await next.catch(() => null)
      // Damaged here: the store noted it. Whoever asked goes on with another holder.
      if (leaf === null) return await framed.send(LEAF_MISSING)
      // The disk works while the network takes this leaf.
      if (index + 1 < request.to) {
        next = assets.readCheckedLeaf(asset, handle, index + 1)
        next.catch(() => null) // reported when its turn comes, if it comes
      }
      await framed.sendRaw(leafPrefix(leaf.length))
      if (leaf.length > 0) await framed.sendRaw(leaf)
    }
  } finally {
    await handle.close()
  }
}

/** Stands for a leaf that cannot be given, and ends the answer. */
const LEAF_MISSING = Uint8Array.of(0)

/** Length prefix and the byte that says "here it is", without copying the leaf. */
function leafPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(5)
  new DataView(prefix.buffer).setUint32(0, length + 1)
  prefix[4] = 1
  return prefix
}

function readRequest(bytes: Uint8Array): { kind: 'stat'; cid: string } | LeavesRequest | null {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [kind, cid, from, to, ...rest] = decoded.value
  if (typeof cid !== 'string' || !/^[a-z0-9]{1,80}$/.test(cid) || rest.length > 0) return null
  if (kind === 'stat' && decoded.value.length === 2) return { kind, cid }
  if (kind !== 'leaves' || !isCount(from) || !isCount(to) || from >= to || to - from > LEAVES_PER_REQUEST)
    return null
  return { kind, cid, from, to }
}

function encodeStat(asset: StoredAsset | null): Uint8Array {
  if (asset === null) return encodeCanonical(['none'])
  if (asset.kind === 'node') return encodeCanonical(['node', asset.block])
  return encodeCanonical(['file', asset.sizeBytes, asset.leafHashes])
}

function decodeStat(bytes: Uint8Array): AssetStat {
  const decoded = decodeCanonical(bytes)
  const fields: Value[] = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  const [kind, first, leafHashes] = fields
  if (kind === 'node' && first instanceof Uint8Array && fields.length === 2) return { kind, block: first }
  if (kind === 'file' && isCount(first) && leafHashes instanceof Uint8Array && fields.length === 3) {
    const isWhole =
      isBytes(leafHashes, leafCount(first) * 32) && first <= leafHashes.length * (LEAF_BYTES / 32)
    if (isWhole) return { kind, sizeBytes: first, leafHashes }
  }
  if (kind === 'none' && fields.length === 1) return { kind }
  throw new Error('the provider answered nonsense')
}
