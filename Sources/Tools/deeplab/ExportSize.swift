import ArgumentParser
import DeepLabNet
import LatticeSupport

/// `--size` of an exported model.
enum ExportSize: ExpressibleByArgument {
  case dynamic
  case fixed(ImageSize)

  init?(argument: String) {
    if argument == "dynamic" {
      self = .dynamic
    } else if let size = ImageSize(argument: argument) {
      self = .fixed(size)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "dynamic" }

  /// - Throws: `InputError` where the network does not take the size.
  func inputSize(of entry: CatalogEntry) throws -> ONNXExport.InputSize {
    guard case .fixed(let size) = self else {
      let length = entry.sizes.fitting(Segmenter.defaultSize)
      return .dynamic(exampleHeight: length, exampleWidth: length)
    }
    let (width, height) = (entry.sizes.fitting(size.width), entry.sizes.fitting(size.height))
    guard (width, height) == (size.width, size.height) else {
      throw InputError(
        .usage, at: "--size",
        "is \(size.width)x\(size.height), which \(entry.name) does not take",
        remedy: "the next larger one is \(width)x\(height); pad images to it")
    }
    return .fixed(height: height, width: width)
  }
}

extension ONNXExport.InputSize {
  /// For people.
  var words: String {
    switch self {
    case .fixed(let height, let width): "1×3×\(height)×\(width)"
    case .dynamic: "of any size"
    }
  }
}
