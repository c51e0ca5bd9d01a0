export { COPY_BYTES_MAX, TRIAL_KEY } from './settings-copy.ts'
export { Store, orderKey, orderOf } from './store.ts'
export type { StoreChange, StoredValue } from './store.ts'
export { StoreUnreadable, UNCLEAN_ENDS_MAX } from './store-files.ts'
