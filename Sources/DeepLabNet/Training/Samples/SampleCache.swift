import LatticeSupport
import Unaries

/// Images and labels that were read before, as many as a budget of memory holds.
struct SampleCache {
  private let images: any LabelledImages
  private let classes: Int
  private let void: UInt16
  private var kept: [LabelledImage?]
  /// Bytes.
  private var room: Int

  init(_ images: any LabelledImages, classes: Int, void: UInt16, budget: Int) {
    self.images = images
    self.classes = classes
    self.void = void
    kept = [LabelledImage?](repeating: nil, count: images.count)
    room = budget
  }

  /// Image `index` with its labels.
  ///
  /// - Throws: as `LabelledImages.sample` does.
  mutating func sample(_ index: Int) throws -> LabelledImage {
    if let sample = kept[index] { return sample }
    let sample = try images.sample(index, classes: classes, ignoring: void)
    let size = Self.size(of: sample)
    // What is kept stays: which images are read again makes no difference to the time that takes.
    if size <= room {
      room -= size
      kept[index] = sample
    }
    return sample
  }

  private static func size(of sample: LabelledImage) -> Int {
    let pixels =
      switch sample.image.pixels {
      case .bytes(let bytes): bytes.count
      case .floats(let floats): floats.count * MemoryLayout<Float>.size
      }
    return pixels + sample.labels.labels.count * MemoryLayout<UInt16>.size
  }
}
