import LatticeSupport
import Unaries

/// What `torch.save` writes since version 1.6: a ZIP archive with a pickle and an entry for each
/// storage.
struct PyTorchArchive: PyTorchStorages {
  let root: PickleValue
  let heap: PickleHeap
  let isBigEndian: Bool
  private let directory: ZipDirectory
  /// The folder that everything in the archive lies in, with its slash.
  private let folder: String

  private static let pickleName = "data.pkl"
  /// More than any state dictionary; tensors lie outside of it.
  private static let largestPickle = 64 << 20

  init(_ bytes: StoredBytes) throws {
    directory = try ZipDirectory(bytes)
    let pickles = directory.names.filter(Self.isPickle)
    guard pickles.count == 1 else {
      throw ZipDirectory.damaged("\(pickles.count) entries of the name \(Self.pickleName)")
    }
    folder = String(pickles[0].dropLast(Self.pickleName.count))
    let range = try directory.range(of: pickles[0])
    guard range.count <= Self.largestPickle else {
      throw InputError(
        .data, "its pickle has \(range.count) bytes; at most \(Self.largestPickle) are read",
        remedy: "save model.state_dict() alone")
    }
    var machine = PickleMachine(bytes, range)
    root = try machine.run()
    heap = machine.heap
    isBigEndian = try Self.isBigEndian(bytes, directory, folder: folder)
  }

  /// Whether an entry of this name is what tells such an archive from others.
  static func isPickle(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.last == Substring(pickleName)
  }

  private static func isBigEndian(
    _ bytes: StoredBytes, _ directory: ZipDirectory, folder: String
  ) throws -> Bool {
    let name = folder + "byteorder"
    guard directory.names.contains(name) else { return false }
    let range = try directory.range(of: name)
    let longest = 16
    switch String(decoding: try bytes.bytes(range.prefix(longest)), as: UTF8.self) {
    case "little": return false
    case "big": return true
    case let other: throw ZipDirectory.damaged("the byte order \(quoted(other))")
    }
  }

  func range(of storage: PickledStorage) throws -> Range<Int> {
    let name = folder + "data/" + storage.key
    let range = try directory.range(of: name)
    guard range.count == storage.byteCount else {
      throw InputError(
        .data,
        "\(quoted(name)) has \(range.count) bytes, but \(storage.count) elements of "
          + "\(storage.number) are to be there",
        remedy: "the file is damaged: copy it again")
    }
    return range
  }
}
