export { TwoFaces } from './two-faces.ts'
