export { DOCUMENT_ID_LENGTH_MAX, isDocumentId } from './document-id.ts'
export { HEADER_VERSION, compareSeen, decodeHeader, encodeHeader } from './header.ts'
export type { Header, HeaderRefusal, HeaderResult, SectionHead, SeenHead } from './header.ts'
export {
  COMMIT_PAYLOAD_BYTES_MAX,
  ENTRIES_MAX,
  HEADER_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  SECTIONS_MAX,
  SEEN_MAX,
  SEQ_MAX,
} from './limits.ts'
export { completed, leaveOut, payloadOf, withoutPayloads } from './payloads.ts'
export {
  commitMessage,
  decodeRecord,
  decodeRecords,
  encodeRecord,
  sectionsRefusal,
  signCommit,
} from './record.ts'
export type { CommitRecord, RecordRefusal, RecordResult, Section, SectionsRefusal } from './record.ts'
