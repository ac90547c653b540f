// What libFuzzer calls: one decoder, chosen by the environment variable FUZZ_DECODER, on any bytes.

import DeepLabNet
import Formats
import Foundation
import LatticeSupport
import Unaries

/// A reader of bytes that nobody vouches for.
enum Decoder: String, CaseIterable {
  case npy, npz, png, jpeg, exif, icc, palette, tiff, nifti, mat, safetensors, pth, caffemodel

  private static let mostNumbers = 1 << 20

  /// Decodes `bytes`; errors are what is expected of most inputs.
  func run(_ bytes: UnsafeRawBufferPointer) {
    do {
      switch self {
      case .npy:
        check(try NPY.decode(bytes, name: "input"))
      case .npz:
        check(try NPZ.decode(bytes, name: "input"))
      case .png:
        var whole = Array(bytes)
        // Without this, nearly every mutation would end at a checksum.
        repairChecksums(&whole)
        try whole.withUnsafeBytes {
          let labels = try? PNG.decodeLabels($0, name: "input")
          let picture = try StoredPicture(.png, $0, name: "input")
          // A palette that is too short matters only to who wants colours.
          precondition(
            labels?.grid == picture.image.grid, "one reader refuses what the other takes")
          check(picture)
        }
      case .jpeg:
        check(try StoredPicture(.jpeg, bytes, name: "input"))
      case .exif:
        try checkNotes(Array(bytes.prefix(EXIFBytes.longestInJPEG)))
      case .icc:
        try checkProfile(Array(bytes))
      case .palette:
        let palette = try Palette(text: String(decoding: bytes, as: UTF8.self))
        precondition(palette.names.count == palette.colors.count)
      case .tiff:
        try withFile(of: bytes) { path in
          // A few bytes may stand for a large picture, which takes a fuzzer seconds to decode.
          let grid = try ImageFile.grid(of: path)
          let scores = try? ArrayFile.boxes(path).shape
          guard max(grid.count, scores?.reduce(1, *) ?? 0) <= Self.mostNumbers else { return }
          let labels = try? LabelFile.read(path)
          let array = try? ArrayFile.read(path)
          let (image, mask, _) = try TIFF.read(path)
          precondition(mask.map { $0.grid == image.grid } ?? true)
          precondition(labels.map { $0.grid == image.grid } ?? true)
          array.map(check)
        }
      case .nifti:
        try withFile(of: bytes) { path in
          let volume = try NIfTI.read(path)
          check(volume.array)
          if let affine = volume.geometry.affine { precondition(affine.allSatisfy(\.isFinite)) }
        }
      case .mat:
        check(try MAT.decode(bytes, name: "input"))
      case .safetensors:
        try readAll(SafetensorsCheckpoint(StoredBytes(Array(bytes), name: "input")))
      case .pth:
        try readAll(PyTorchCheckpoint(StoredBytes(Array(bytes), name: "input")))
      case .caffemodel:
        try readAll(CaffeCheckpoint(StoredBytes(Array(bytes), name: "input")))
      }
    } catch let error as InputError {
      precondition(!error.problem.isEmpty && error.kind != .usage)
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }

  /// Some readers want files, which they look at in several places.
  private func withFile(of bytes: UnsafeRawBufferPointer, _ body: (String) throws -> Void) throws {
    let path = "/dev/shm/fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    try AtomicOutput.write(to: path) { try $0.write(bytes) }
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func check(_ picture: StoredPicture) {
    let upright = picture.image(isUpright: true)
    precondition(upright.grid == picture.orientation.uprightGrid(of: picture.image.grid))
    precondition(upright.grid.count == picture.image.grid.count && upright.channels == 3)
  }

  /// Whatever a camera notes: both formats understand it alike, and the pixels are the same.
  private func checkNotes(_ block: [UInt8]) throws {
    // A name in front of the block is a part of it in one format and not in the other.
    if block.starts(with: Array("Exif\0".utf8)) { return }
    let plain = try decode(JPEGBytes.color, .jpeg)
    let photograph = try decode(EXIFBytes.jpeg(JPEGBytes.color, with: block), .jpeg)
    let drawing = try decode(EXIFBytes.png(Self.drawing, with: block), .png)
    precondition(photograph.orientation == drawing.orientation)
    precondition(bytes(of: photograph.image) == bytes(of: plain.image))
    check(photograph)
    check(drawing)
  }

  /// Whatever a colour profile is: it is not looked at.
  private func checkProfile(_ profile: [UInt8]) throws {
    for (plain, profiled, kind) in [
      (JPEGBytes.color, EXIFBytes.jpeg(JPEGBytes.color, profile: profile), FileKind.jpeg),
      (Self.drawing, EXIFBytes.png(Self.drawing, profile: profile), FileKind.png),
    ] {
      let (expected, found) = try (decode(plain, kind).image, decode(profiled, kind).image)
      precondition(bytes(of: found) == bytes(of: expected))
    }
  }

  private static let drawing = PNGBytes(width: 3, height: 2, bitDepth: 8, color: 2)
    .file { x, y, channel in 40 * x + 20 * y + channel }

  private func decode(_ file: [UInt8], _ kind: FileKind) throws -> StoredPicture {
    try file.withUnsafeBytes { try StoredPicture(kind, $0, name: "input") }
  }

  private func bytes(of image: Image) -> [UInt8] {
    if case .bytes(let bytes) = image.pixels { bytes } else { [] }
  }

  private func readAll(_ checkpoint: some Checkpoint) throws {
    // More tensors teach nothing new, and each may repeat a number a million times.
    for entry in checkpoint.entries.prefix(16) {
      let values = try checkpoint.values(of: entry.name)
      precondition(values.shape == entry.shape && values.values().count == entry.count)
    }
  }

  private func check(_ array: NumericArray) {
    precondition(array.shape.reduce(1, *) == array.values.count && !array.values.isEmpty)
  }
}

/// Gives every chunk of a PNG file the checksum that its contents have.
private func repairChecksums(_ bytes: inout [UInt8]) {
  var position = 8
  while position + 12 <= bytes.count {
    let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = position + 8 + length
    guard end + 4 <= bytes.count else { return }
    let sum = ZipBytes.checksum(of: Array(bytes[position + 4..<end]))
    for index in 0..<4 { bytes[end + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * index)) }
    position = end + 4
  }
}

private let decoder: Decoder = {
  let name = ProcessInfo.processInfo.environment["FUZZ_DECODER"] ?? ""
  guard let decoder = Decoder(rawValue: name) else {
    fatalError("FUZZ_DECODER must be one of \(Decoder.allCases.map(\.rawValue))")
  }
  return decoder
}()

/// Writes the seeds once, before the first input, where FUZZ_SEEDS names a folder for them.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer)
  -> CInt
{
  if let folder = ProcessInfo.processInfo.environment["FUZZ_SEEDS"] {
    do {
      try decoder.writeSeeds(to: folder)
    } catch {
      fatalError("the seeds cannot be written: \(error)")
    }
    // Leaving at once: what is still allocated is no leak of a decoder.
    _exit(0)
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  decoder.run(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
