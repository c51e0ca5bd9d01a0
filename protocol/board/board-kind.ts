import type { DocumentKind } from '../document/index.ts'
import { BoardState } from './board-state.ts'

/** Shared documents `board/<name>`. */
export const boardKind: DocumentKind = {
  name: 'board',
  isNamed: true,
  isAlwaysSent: false,
  open: (document, host, outdated) => new BoardState(document, host, outdated),
}
