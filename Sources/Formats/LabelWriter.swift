import LatticeSupport
import Unaries

/// Writes the labels of a scene and pictures of them, when all of them are known.
public struct LabelWriter {
  private let image: Image?
  private let palette: Palette
  private let placement: Placement?
  private let mayLeaveOut: Bool

  /// - Parameters:
  ///   - image: what overlays are drawn over; `nil` where none are.
  ///   - notes: what is known of it.
  ///   - palette: the colours of labels.
  ///   - placement: where the points lie; carried over to files that can say so.
  ///   - mayLeaveOut: whether some points may be left out, which rasters declare.
  public init(
    drawingOver image: Image?, _ notes: ImageNotes?, palette: Palette,
    at placement: Placement? = nil, mayLeaveOut: Bool = false
  ) {
    // In the 8 bits that a picture has, where it can have them.
    self.image = image.map { notes?.drawn($0) ?? $0 }
    self.palette = palette
    self.placement = placement
    self.mayLeaveOut = mayLeaveOut
  }

  /// Writes labels to `path`, if there is one, as `LabelFile.write` does.
  ///
  /// - Throws: `InputError` where the file cannot be written, or the grid does not fit a picture.
  public func write(_ labels: LabelMap, to path: String?) throws {
    guard let path else { return }
    try LabelFile.write(
      labels, palette: palette, at: placement, mayLeaveOut: mayLeaveOut, to: path)
  }

  /// Writes a picture of labels over the image to `path`, if there is one.
  ///
  /// - Throws: `InputError` where the file cannot be written, or the image is not a photograph.
  public func writeOverlay(of labels: LabelMap, to path: String?) throws {
    guard let path, let image else { return }
    let picture = try Overlay().picture(of: labels, over: image, palette: palette)
    guard TIFF.isNamed(path), case .bytes(let rgb) = picture.pixels else {
      return try PNG.write(picture, to: path)
    }
    let writer = try TIFFWriter(
      path, grid: picture.grid, samples: .rgb, noData: nil, placement: placement)
    try rgb.withUnsafeBytes { try writer.write(rgb: $0, of: GridRegion(allOf: picture.grid)) }
    try writer.commit()
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
