/** A file of the host as the readers of tables and volumes see it. */
import { statSync } from 'node:fs'
import { ImageView } from '../../src/image/image-view.js'
import { contentOfFile } from '../../src/tree/file-tree.js'

/** What `use` gives, with the file open meanwhile. */
export function withView<T>(path: string, use: (view: ImageView) => T): T {
  const view = ImageView.of(contentOfFile({ path, sizeBytes: statSync(path).size }), path)
  try {
    return use(view)
  } finally {
    view.close()
  }
}
