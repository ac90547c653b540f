import LatticeSupport
import Synchronization

/// The images that the page shows; those that were looked at last stay in memory.
package final class ImageStore: Sendable {
  let images: [PageImage]
  private let judging: Judging
  private let parallelism: Parallelism
  /// The one that was used last stands last.
  private let open = Mutex<[OpenImage]>([])

  /// Neighbours in the list are looked at in turn.
  private static let keptImages = 3

  init(_ images: [PageImage], _ judging: Judging, parallelism: Parallelism) {
    self.images = images
    self.judging = judging
    self.parallelism = parallelism
  }

  /// The image of that place in the list.
  ///
  /// - Throws: `InputError` where there is none, or it cannot be read.
  package func image(_ index: Int) throws -> OpenImage {
    guard images.indices.contains(index) else {
      throw InputError(
        .usage, "image \(index), but there are \(images.count)", remedy: "load the page anew")
    }
    let name = images[index].name
    if let known = open.withLock({ Self.take(name, from: &$0) }) { return known }
    let made = try read(index)
    open.withLock { open in
      if open.count >= Self.keptImages { open.removeFirst() }
      open.append(made)
    }
    return made
  }

  /// The same, read anew and not kept: for work on all images.
  func read(_ index: Int) throws -> OpenImage {
    try OpenImage(images[index], judging, parallelism: parallelism)
  }

  private static func take(_ name: String, from open: inout [OpenImage]) -> OpenImage? {
    guard let index = open.firstIndex(where: { $0.name == name }) else { return nil }
    let image = open.remove(at: index)
    open.append(image)
    return image
  }
}
