import { readdir } from 'node:fs/promises'
import { LEAF_BYTES, fileCid, leafCount, parseAssetCid } from '#protocol/asset'
import { equalBytes } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { cidOf } from '#node/assets'
import type { AssetStore, StoredAsset, StoredFile } from '#node/assets'
import { CheckPosition } from './check-position.ts'
import type { Examination } from './examination.ts'

/** Leaves that are read of each file when not every byte is asked for: the first, the last and some between. */
const SAMPLE_LEAVES = 3

/** What a check of assets stands on. */
export interface AssetCheckParts {
  assets: AssetStore
  sha256: Sha256
  /** Folder that holds the plain files. */
  assetsPath: string
  /** File that remembers how far a full check came. */
  positionPath: string
  /** CIDs that this device said that it holds. */
  stated: () => Promise<readonly string[]>
  /** Takes a damaged part out of the store, so that it is fetched again. */
  take: (cid: string) => void
}

/**
 * Checks the entries of all assets against their CIDs, the sizes of their files, and leaves against their hashes: all
 * of them if that was asked for, else a sample. A full check that was cut off goes on where it was.
 */
export async function checkAssets(parts: AssetCheckParts, run: Examination): Promise<void> {
  const position = await CheckPosition.open(run.options.assets ? parts.positionPath : null)
  const cids: string[] = []
  let totalBytes = 0
  for await (const cid of parts.assets.cids()) {
    cids.push(cid)
    const asset = await parts.assets.get(cid)
    totalBytes += asset?.kind === 'file' ? asset.sizeBytes : 0
  }
  cids.sort()
  let doneBytes = 0
  const names = new Set(await readdir(parts.assetsPath))
  for (const cid of cids) {
    const asset = await parts.assets.get(cid)
    names.delete(cid)
    run.checked.assets += 1
    if (asset?.kind === 'file') doneBytes += asset.sizeBytes
    if (position.isDone(cid)) continue
    run.progress(`asset ${cid}`, doneBytes, totalBytes)
    await checkOne(parts, { cid, asset }, run)
    await position.note(cid)
  }
  await checkUnlisted(parts, [...names], run)
  await checkTrees(parts, run)
  await position.finish()
}

async function checkOne(
  parts: AssetCheckParts,
  { cid, asset }: { cid: string; asset: StoredAsset | null },
  run: Examination,
): Promise<void> {
  if (asset === null || !isRight(asset, parts.sha256))
    return noteDamaged(parts, run, cid, 'its entry is damaged')
  if (asset.kind === 'node') return
  if (!(await parts.assets.isOnDisk(asset)))
    return noteDamaged(parts, run, cid, 'its file is missing or has another length')
  const bad = await badLeaves(parts.assets, asset, run)
  if (bad.length > 0) noteDamaged(parts, run, cid, `its leaf ${bad.slice(0, 3).join(', ')} is damaged`)
}

/** True when the entry is what its CID names. */
function isRight(asset: StoredAsset, sha256: Sha256): boolean {
  const cid = cidOf(asset.cid)
  if (asset.kind === 'node') return equalBytes(sha256(asset.block), cid.multihash.digest)
  if (asset.leafHashes.length !== 32 * leafCount(asset.sizeBytes)) return false
  return fileCid(asset.sizeBytes, asset.leafHashes, sha256).cid.toString() === asset.cid
}

async function badLeaves(assets: AssetStore, file: StoredFile, run: Examination): Promise<number[]> {
  const count = leafCount(file.sizeBytes)
  const step = run.options.assets ? 1 : Math.max(1, Math.floor((count - 1) / (SAMPLE_LEAVES - 1)))
  const bad: number[] = []
  const handle = await assets.openFile(file.cid).catch(() => null)
  if (handle === null) return [0]
  try {
    for (let index = 0; index < count; index += step) {
      run.progress(`asset ${file.cid}`, index * LEAF_BYTES, file.sizeBytes)
      if (await assets.isLeafWhole(file, handle, index))
        run.checked.assetBytes += Math.min(LEAF_BYTES, file.sizeBytes)
      else bad.push(index)
    }
  } finally {
    await handle.close()
  }
  return bad
}

/** Files without an entry: lost entries are made anew from the bytes if these are what the name says. */
async function checkUnlisted(
  parts: AssetCheckParts,
  names: readonly string[],
  run: Examination,
): Promise<void> {
  for (const name of names) {
    run.progress(`file ${name}`, 0, 0)
    const isAsset = parseAssetCid(name).ok
    const isAdopted = isAsset && run.options.repair && (await parts.assets.adoptUnlisted(name))
    run.note({
      code: isAsset ? 'asset-entry' : 'folder-stray',
      where: `assets/${name}`,
      severity: isAdopted ? 'repaired' : 'note',
      message: isAsset ? `the file assets/${name} has no entry` : `assets/${name} is no asset`,
      action: isAdopted
        ? 'Its bytes are what its name says; the entry was made anew.'
        : isAsset && !run.options.repair
          ? '`coop doctor --repair` makes the entry anew if the bytes are what the name says.'
          : 'Nothing uses it; it may be removed.',
    })
  }
}

/** Trees that are noted as held and lack a part, and what this device said that it holds and has no note of. */
async function checkTrees(parts: AssetCheckParts, run: Examination): Promise<void> {
  const { assets } = parts
  const held = await assets.held()
  const toFetch = new Set(await assets.toFetch())
  const incomplete: string[] = []
  for (const root of new Set([...held, ...(await parts.stated())])) {
    if (toFetch.has(root)) continue
    run.progress(`tree ${root}`, 0, 0)
    let missing: string | null = null
    for await (const { cid, asset } of assets.parts(root)) {
      missing = asset !== null && (await assets.isOnDisk(asset)) ? null : cid
      if (missing !== null) break
    }
    if (missing === null && held.has(root)) continue
    if (missing === null && run.options.repair) await assets.markHeld([root])
    if (missing !== null) incomplete.push(root)
    noteTree(run, root, missing)
  }
  if (run.options.repair && incomplete.length > 0) await assets.markToFetch(incomplete)
  for (const root of toFetch) noteTree(run, root, root)
}

function noteTree(run: Examination, root: string, missing: string | null): void {
  const isDone = missing === null && run.options.repair
  run.note({
    code: 'asset-incomplete',
    where: root,
    severity: isDone ? 'repaired' : 'pending',
    message:
      missing === null
        ? `the note that ${root} is held was lost`
        : `of ${root} a part is missing: ${missing}`,
    action: isDone
      ? 'All of it is here; the note was made anew.'
      : run.options.repair
        ? 'It is fetched again as soon as another holder is connected.'
        : '`coop doctor --repair` fetches it again, or makes the note anew.',
  })
}

function noteDamaged(parts: AssetCheckParts, run: Examination, cid: string, why: string): void {
  const { repair } = run.options
  run.note({
    code: 'asset-file',
    where: cid,
    severity: 'pending',
    message: `the asset part ${cid} is damaged: ${why}`,
    action: repair
      ? 'It was taken out and is fetched again as soon as another holder is connected.'
      : 'It is not given out. `coop doctor --repair` fetches it again.',
  })
  if (repair) parts.take(cid)
}
