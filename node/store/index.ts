export { Store, commitKey } from './store.ts'
export type { StoreChange } from './store.ts'
