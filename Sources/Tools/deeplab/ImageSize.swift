import ArgumentParser
import DeepLabNet

/// `WxH` on a command line.
struct ImageSize: ExpressibleByArgument {
  let width: Int
  let height: Int

  /// What a network of any size is tried with: the papers' crops.
  static let usual = ImageSize(width: Segmenter.defaultSize, height: Segmenter.defaultSize)

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  init?(argument: String) {
    let extents = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard extents.count == 2, let width = Int(extents[0]), let height = Int(extents[1]),
      width >= 1, height >= 1
    else { return nil }
    self.init(width: width, height: height)
  }
}

extension ImageSize: CustomStringConvertible {
  /// As it is written on a command line.
  var description: String { "\(width)x\(height)" }
}
