export { DataFolder, dataFolderPath, needFolder, runningPath, tokenPath } from './data-folder.ts'
export {
  PASSPHRASE_CHARS_MAX,
  adoptNextKey,
  dropNextKey,
  isKeySealed,
  loadDeviceKey,
  resealKeys,
} from './device-key.ts'
export type { DeviceKey } from './device-key.ts'
export {
  judgeMarker,
  lookAtMarked,
  markerPath,
  placeOf,
  readMarker,
  stateFolderPath,
  writeMarker,
} from './device-marker.ts'
export type { DeviceMarker, FolderFacts, MarkedFolder, MarkerVerdict, Opening } from './device-marker.ts'
export { syncFolder, writeDurably } from './durable-file.ts'
export { FOLDER_FORMAT, formatText, readFormat } from './folder-format.ts'
export { lockHolder } from './folder-lock.ts'
