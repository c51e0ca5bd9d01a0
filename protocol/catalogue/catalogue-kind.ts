import type { DocumentKind } from '../document/index.ts'
import { CatalogueState } from './catalogue-state.ts'

/** The one document that lists the co-op's assets. */
export const CATALOGUE = 'catalogue'

/** Record document `catalogue`: which assets the co-op knows and who holds them. */
export const catalogueKind: DocumentKind = {
  name: CATALOGUE,
  isNamed: false,
  isAlwaysSent: true,
  open: (_document, host) => new CatalogueState(host),
}
