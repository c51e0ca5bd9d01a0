export {
  ASSET_CID_TEXT_LENGTH_MAX,
  DAG_PB_CODEC,
  DIGEST_BYTES,
  RAW_CODEC,
  isAssetCid,
  parseAssetCid,
} from './asset-cid.ts'
export type { AssetCidRefusal, AssetCidResult } from './asset-cid.ts'
export { DIRECTORY_BLOCK_BYTES_MAX, readDirectoryNode } from './directory-node.ts'
export type { DirectoryNodeRefusal, DirectoryNodeResult } from './directory-node.ts'
export { ENTRY_NAME_BYTES_MAX, isEntryName } from './entry-name.ts'
export { HAMT_DEPTH_MAX } from './hamt.ts'
export { DIRECTORY_ENTRIES_MAX, ENTRY_TSIZE_BYTES_MAX, directoryNodes } from './unixfs-directory.ts'
export type { DirectoryBlock, DirectoryEntry, DirectoryRefusal, DirectoryResult } from './unixfs-directory.ts'
export { LEAF_BYTES, fileCid, leafCount, verifyLeafHashes } from './unixfs-file.ts'
export type { FileRoot } from './unixfs-file.ts'
