import Formats
import LatticeSupport
import Unaries

/// Writes labels and pictures of them, when all of them are known.
package struct OutputWriter {
  private let image: Image?
  private let notes: ImageNotes?
  private let palette: Palette

  /// - Parameters:
  ///   - image: what overlays are drawn over.
  ///   - notes: what is known of it.
  package init(drawingOver image: Image?, _ notes: ImageNotes?, palette: Palette) {
    self.image = image
    self.notes = notes
    self.palette = palette
  }

  /// The image in the 8 bits that a picture has, where it can have them.
  private var drawn: Image? { image.map { notes?.drawn($0) ?? $0 } }

  /// Writes labels to `path`, if there is one.
  package func write(_ labels: LabelMap, to path: String?) throws {
    if let path { try LabelFile.write(labels, palette: palette, to: path) }
  }

  /// Writes a picture of labels over the image to `path`, if there is one.
  package func writeOverlay(of labels: LabelMap, to path: String?) throws {
    guard let path, let image = drawn else { return }
    try PNG.write(Overlay().picture(of: labels, over: image, palette: palette), to: path)
  }

  /// Makes sure that overlays can be drawn, before the labels are known.
  ///
  /// - Throws: `InputError` that names `path`, where there is one.
  package func checkOverlay(at path: String?) throws {
    guard let path, let image = drawn else { return }
    do {
      try Overlay.check(image)
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
