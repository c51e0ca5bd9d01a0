export {
  DataFolder,
  dataFolderPath,
  needFolder,
  runningPath,
  syncFolder,
  tokenPath,
  writeDurably,
} from './data-folder.ts'
export { adoptNextKey, dropNextKey, loadDeviceKey } from './device-key.ts'
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
export { FOLDER_FORMAT, formatText, readFormat } from './folder-format.ts'
export { lockHolder } from './folder-lock.ts'
