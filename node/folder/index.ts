export {
  DataFolder,
  FOLDER_FORMAT,
  dataFolderPath,
  runningPath,
  syncFolder,
  tokenPath,
  writeDurably,
} from './data-folder.ts'
export { loadDeviceKey } from './device-key.ts'
export type { DeviceKey } from './device-key.ts'
export { lockHolder } from './folder-lock.ts'
