import LatticeSupport

/// Photographs and the true labels of their pixels: what networks are trained and measured with.
///
/// Reading may happen on any thread, and in any order.
public protocol LabelledImages: Sendable {
  /// The number of images.
  var count: Int { get }
  /// What image `index` (0..<`count`) is called, without folders and endings.
  func name(_ index: Int) -> String
  /// Where the labels of image `index` lie, for messages.
  func labelsPlace(_ index: Int) -> String
  /// Reads image `index`.
  ///
  /// - Throws: `InputError` naming the file that cannot be read.
  func image(_ index: Int) throws -> Image
  /// Reads the labels of image `index`, as the classes that are to be learnt.
  ///
  /// - Throws: as `image(_:)` does.
  func labels(_ index: Int) throws -> LabelMap
}

/// A photograph with one label per pixel.
public struct LabelledImage: Sendable {
  /// The photograph.
  public let image: Image
  /// The labels, over the photograph's grid.
  public let labels: LabelMap

  /// - Throws: `InputError` where the grids differ.
  public init(image: Image, labels: LabelMap) throws {
    guard image.grid == labels.grid else {
      throw InputError(
        .data, "labels \(labels.grid) pixels, but the image has \(image.grid)",
        remedy: "make both of one size; labels are resized without interpolation")
    }
    self.image = image
    self.labels = labels
  }
}

extension LabelMap {
  /// Checks that every label is a class, or the one that does not count.
  ///
  /// - Throws: `InputError` that names the first other label and its position.
  /// - Complexity: O(N).
  public func check(classes: Int, ignoring void: UInt16) throws {
    guard let point = labels.firstIndex(where: { $0 >= classes && $0 != void }) else { return }
    throw InputError(
      .data,
      "has the label \(labels[point]) at \(grid.position(of: point)), but there are "
        + "\(classes) classes: expected 0…\(classes - 1), or \(void) for pixels that do not count",
      remedy: rangeRemedy(of: labels[point], classes: classes, ignoring: void)
        ?? """
        relabel those pixels (\(name: .labelMapping)), or give the data set's whole list of classes
        """)
  }
}

extension LabelledImages {
  /// Reads image `index` and its labels, and checks that they fit.
  ///
  /// - Throws: `InputError` naming the file that cannot be read, labels of another size than the
  ///   image's, or a label outside of the classes.
  public func sample(
    _ index: Int, classes: Int, ignoring void: UInt16
  ) throws -> LabelledImage {
    try sample(index, over: image(index), classes: classes, ignoring: void)
  }

  /// The same, where image `index` was read before.
  package func sample(
    _ index: Int, over image: Image, classes: Int, ignoring void: UInt16
  ) throws -> LabelledImage {
    let labels = try labels(index)
    do {
      let sample = try LabelledImage(image: image, labels: labels)
      try labels.check(classes: classes, ignoring: void)
      return sample
    } catch let error as InputError {
      throw error.at(labelsPlace(index))
    }
  }
}
