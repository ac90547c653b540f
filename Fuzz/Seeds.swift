// Small valid files to start from, so that mutations get past the first bytes.

import DeepLabNet
import Formats
import Foundation
import LatticeSupport
import Unaries

extension Decoder {
  func writeSeeds(to folder: String) throws {
    for (number, bytes) in try seeds(scratch: folder + "/scratch").enumerated() {
      try AtomicOutput.write(to: "\(folder)/seed\(number)") { try $0.write(bytes) }
    }
    try? FileManager.default.removeItem(atPath: folder + "/scratch")
  }

  private func seeds(scratch: String) throws -> [[UInt8]] {
    switch self {
    case .npy: arrays
    case .npz: arrays.map { ZipBytes.archive([.init("arr_0.npy", $0)]) }
    case .png: try pictures(scratch: scratch) + drawings
    case .jpeg: photographs
    case .exif: notes + [[]]
    case .icc: [Self.profile, []]
    case .nifti:
      [NIfTIBytes(extents: [2, 3, 2, 2], floats: [Float](repeating: 1, count: 24)).bytes]
    case .mat:
      [false, true].map { isBigEndian in
        let mat = MATBytes(isBigEndian: isBigEndian)
        return mat.file(
          mat.array("data", shape: [2, 2, 1], type: 7, stored: mat.singles([1, 2, 3, 4])),
          mat.array("s", shape: [1, 2], type: 2, stored: [1, 2], isSmall: true))
      }
    case .tiff: try rasters(scratch: scratch)
    case .safetensors: [try weights(scratch: scratch)]
    // The fixtures are the seeds, where there are any; otherwise the fuzzer begins with these.
    case .pth: [[0x80, 0x02, 0x7D, 0x2E]]
    case .caffemodel: [caffeModel]
    case .palette: [Array("# classes\n128 0 0 road\n0 128 0\t tree \r\n".utf8)]
    }
  }

  private var photographs: [[UInt8]] {
    [JPEGBytes.color, JPEGBytes.progressive, JPEGBytes.gray, JPEGBytes.cmyk]
      + notes.map { EXIFBytes.jpeg(JPEGBytes.color, with: $0) }
      + [EXIFBytes.jpeg(JPEGBytes.gray, profile: Self.profile)]
  }

  private var notes: [[UInt8]] {
    [(1, true), (3, false), (6, true), (8, false)].map {
      EXIFBytes.block(orientation: $0.0, isLittle: $0.1)
    }
  }

  /// The head of a colour profile, and no tags.
  private static let profile =
    [0, 0, 0, 132] + Array("lcms\u{2}\u{10}\0\0mntrRGB XYZ ".utf8)
    + [UInt8](repeating: 0, count: 108)

  /// PNG files of kinds that the package does not write.
  private var drawings: [[UInt8]] {
    [
      (8, 3, false, 2), (2, 3, false, 2), (4, 3, true, 16), (16, 2, false, nil), (16, 4, true, nil),
    ].map { depth, color, isInterlaced, colors in
      var png = PNGBytes(
        width: 5, height: 3, bitDepth: depth, color: color, isInterlaced: isInterlaced)
      png.paletteCount = colors
      let file = png.file { x, y, channel in (x * 3 + y + channel) % (1 << min(depth, 4)) }
      return EXIFBytes.png(file, with: EXIFBytes.block(orientation: 6), afterPixels: depth == 8)
    }
  }

  private var arrays: [[UInt8]] {
    let values = (0..<12).map(Double.init)
    return ["<f2", ">f4", "<f8", "|u1", ">i4"].flatMap { type in
      [false, true].map { order in
        NPYBytes.file(
          type: type, shape: [2, 3, 2], fortranOrder: order,
          data: NPYBytes.data(values, type: type))
      }
    }
  }

  private func rasters(scratch: String) throws -> [[UInt8]] {
    let grid = GridShape(width: 5, height: 3)
    let labels = try LabelMap(grid: grid, labels: (0..<15).map { UInt16($0 % 4) })
    let field = ChannelField(points: 15, channels: 2)
    return try [
      { try LabelFile.write(labels, palette: .voc, mayLeaveOut: true, to: scratch + ".tif") },
      {
        try MarginalsFile.write(Marginals(unchecked: field, grid: grid), to: scratch + ".tif")
      },
    ].map { write in
      try write()
      defer { try? FileManager.default.removeItem(atPath: scratch + ".tif") }
      return try Array(Data(contentsOf: URL(fileURLWithPath: scratch + ".tif")))
    }
  }

  private func weights(scratch: String) throws -> [UInt8] {
    let values = ParameterValues(shape: [2, 2], values: [1, 2, 3, 4])
    let tensors = ["a", "b"].map { Safetensors.Tensor($0, shape: values.shape) }
    try Safetensors.write(tensors, to: scratch) { _ in values }
    return try Array(Data(contentsOf: URL(fileURLWithPath: scratch)))
  }

  /// A layer `a` with a blob of two numbers.
  private var caffeModel: [UInt8] {
    let blob: [UInt8] = [0x3A, 3, 0x0A, 1, 2, 0x2A, 8, 0, 0, 0, 0, 0, 0, 0x80, 0x3F]
    let layer: [UInt8] = [0x0A, 1, 0x61, 0x3A, UInt8(blob.count)] + blob
    return [0xA2, 0x06, UInt8(layer.count)] + layer
  }

  private func pictures(scratch: String) throws -> [[UInt8]] {
    let grid = try GridShape([3, 5])
    let labels = try LabelMap(grid: grid, labels: (0..<15).map { UInt16($0 % 4) })
    let wide = try LabelMap(grid: grid, labels: (0..<15).map { UInt16($0 * 100) })
    let photograph = try Image(width: 5, height: 3, rgb: (0..<45).map { UInt8($0 * 5) })
    return try [
      { try PNG.write(labels, palette: .voc, to: scratch) },
      { try PNG.write(labels, to: scratch) },
      { try PNG.write(wide, to: scratch) },
      { try PNG.write(photograph, to: scratch) },
    ].map { write in
      try write()
      return try Array(Data(contentsOf: URL(fileURLWithPath: scratch)))
    }
  }
}
