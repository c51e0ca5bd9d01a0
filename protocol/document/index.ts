export { readEntries } from './entries.ts'
export { Readings, readOnce } from './readings.ts'
export { ROLES, sectionWith } from './kind.ts'
export type {
  CachedDocument,
  DocumentHost,
  DocumentKind,
  DocumentState,
  KeptState,
  Role,
  SectionContext,
  SectionVerdict,
  Stretch,
} from './kind.ts'
export { DocumentRegistry } from './registry.ts'
export { SetHash } from './set-hash.ts'
