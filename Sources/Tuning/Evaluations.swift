import Synchronization

/// What has been counted so far, summed over the images of each part of the set.
///
/// Memory is a tally for each setting and part, however many images there are.
final class Evaluations: Sendable {
  private struct Key: Hashable {
    let setting: TunedSetting
    let part: Int
  }

  private struct Sum {
    var tally: Tally
    var images: Set<Int>
  }

  private let sums = Mutex<[Key: Sum]>([:])
  /// The part of each image.
  private let parts: [Int]

  /// - Parameter parts: the part that each image belongs to.
  init(parts: [Int]) { self.parts = parts }

  /// Whether an image has been solved with a setting. O(1).
  func holds(_ setting: TunedSetting, image: Int) -> Bool {
    sums.withLock { $0[Key(setting: setting, part: parts[image])]?.images.contains(image) == true }
  }

  /// Adds what was counted of one image; a second time is ignored.
  ///
  /// - Returns: false where the images before have another number of labels.
  func add(_ tally: Tally, of setting: TunedSetting, image: Int) -> Bool {
    let key = Key(setting: setting, part: parts[image])
    return sums.withLock { sums in
      guard let sum = sums[key] else {
        sums[key] = Sum(tally: tally, images: [image])
        return true
      }
      guard sum.tally.whole.labelCount == tally.whole.labelCount else { return false }
      if sums[key]?.images.insert(image).inserted == true { sums[key]?.tally += tally }
      return true
    }
  }

  /// What a setting came to over all images of a part; `nil` where none has been solved with it.
  func tally(of setting: TunedSetting, part: Int) -> Tally? {
    sums.withLock { $0[Key(setting: setting, part: part)]?.tally }
  }
}
