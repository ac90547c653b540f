import LatticeSupport
import Unaries

/// Writes the labels of a scene and pictures of them, when all of them are known.
public struct LabelWriter {
  private let image: Image?
  private let palette: Palette

  /// - Parameters:
  ///   - image: what overlays are drawn over; `nil` where none are.
  ///   - notes: what is known of it.
  ///   - palette: the colours of labels.
  public init(drawingOver image: Image?, _ notes: ImageNotes?, palette: Palette) {
    // In the 8 bits that a picture has, where it can have them.
    self.image = image.map { notes?.drawn($0) ?? $0 }
    self.palette = palette
  }

  /// Writes labels to `path`, if there is one: PNG, or NPY by its ending.
  ///
  /// - Throws: `InputError` where the file cannot be written, or the grid does not fit a picture.
  public func write(_ labels: LabelMap, to path: String?) throws {
    if let path { try LabelFile.write(labels, palette: palette, to: path) }
  }

  /// Writes a picture of labels over the image to `path`, if there is one.
  ///
  /// - Throws: `InputError` where the file cannot be written, or the image is not a photograph.
  public func writeOverlay(of labels: LabelMap, to path: String?) throws {
    guard let path, let image else { return }
    try PNG.write(Overlay().picture(of: labels, over: image, palette: palette), to: path)
  }

  /// Makes sure that overlays can be drawn, before the labels are known.
  ///
  /// - Throws: `InputError` that names `path`, where there is one.
  public func checkOverlay(at path: String?) throws {
    guard let path, let image else { return }
    do {
      try Overlay.check(image)
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
