import CZip
import LatticeSupport
import Unaries

/// A ZIP archive that is open for reading.
final class ZipArchive {
  /// An entry of the archive's directory. Nothing in it can be trusted.
  struct Member {
    let index: UInt64
    let name: String
    /// Bytes when inflated, as the directory says.
    let size: UInt64
    let compressedSize: UInt64

    /// The name without the suffix that NumPy adds.
    var arrayName: String { name.hasSuffix(".npy") ? String(name.dropLast(4)) : name }

    /// Where an error is, for a message.
    func place(in archive: ZipArchive) -> String { "\(archive.name), member \(quoted(name))" }
  }

  let name: String
  private(set) var members: [Member] = []
  fileprivate let handle: OpaquePointer

  /// An archive in a file.
  init(_ path: String) throws {
    let source = try FileSource(path)
    name = path
    guard source.isRegular else {
      throw InputError(
        .data, at: path, "is a pipe or a device; an archive is read from its end",
        remedy: "save it to a file first")
    }
    let kind = source.kind
    guard kind == .zip else {
      throw InputError(
        .data, at: path, "is not an NPZ archive but seems to be \(kind.words)",
        remedy: kind.remedy ?? "save the array with numpy.savez(path, array)")
    }
    var code: Int32 = 0
    guard let handle = path.withSystemPath({ zip_open($0, ZIP_RDONLY, &code) }) else {
      throw ZipArchive.damaged(path, ZipArchive.text(of: code))
    }
    self.handle = handle
    members = try readDirectory()
  }

  /// An archive in memory; `bytes` must outlive it.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    self.name = name
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    guard
      let source = zip_source_buffer_create(bytes.baseAddress, UInt64(bytes.count), 0, &error)
    else { throw ZipArchive.damaged(name, String(cString: zip_error_strerror(&error))) }
    guard let handle = zip_open_from_source(source, ZIP_RDONLY, &error) else {
      zip_source_free(source)
      throw ZipArchive.damaged(name, String(cString: zip_error_strerror(&error)))
    }
    self.handle = handle
    members = try readDirectory()
  }

  deinit {
    // Read only, so there are no changes to write back.
    zip_discard(handle)
  }

  private func readDirectory() throws -> [Member] {
    var members: [Member] = []
    for index in 0..<UInt64(max(0, zip_get_num_entries(handle, 0))) {
      var status = zip_stat_t()
      guard zip_stat_index(handle, index, 0, &status) == 0, let text = status.name else {
        throw ZipArchive.damaged(name, String(cString: zip_strerror(handle)))
      }
      let memberName = String(cString: text)
      if memberName.hasSuffix("/") { continue }
      members.append(
        Member(
          index: index, name: memberName, size: status.size, compressedSize: status.comp_size))
    }
    return members
  }

  fileprivate static func damaged(_ name: String, _ reason: String) -> InputError {
    InputError(
      .data, at: name, "is a damaged or unusual archive (\(reason))",
      remedy: "save it again with numpy.savez or numpy.savez_compressed")
  }

  private static func text(of code: Int32) -> String {
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    return String(cString: zip_error_strerror(&error))
  }
}

/// The inflated bytes of a member, as they come; never more than the directory declares.
final class ZipMemberSource: ByteSource {
  let name: String
  private(set) var remaining: Int?
  private let archive: ZipArchive
  private let file: OpaquePointer

  /// Members that inflate to less are taken whatever their ratio.
  private static let harmlessSize: UInt64 = 64 << 20
  /// Scores and label maps shrink less than this; a hostile member shrinks a thousandfold.
  private static let largestRatio: UInt64 = 200

  init(_ archive: ZipArchive, _ member: ZipArchive.Member) throws {
    self.archive = archive
    name = member.place(in: archive)
    let (cap, overflow) = member.compressedSize.multipliedReportingOverflow(by: Self.largestRatio)
    guard member.size <= max(Self.harmlessSize, overflow ? .max : cap),
      let size = Int(exactly: member.size)
    else {
      throw InputError(
        .data, at: name,
        "would inflate from \(member.compressedSize) to \(member.size) bytes, as only crafted "
          + "archives do",
        remedy: "save the array uncompressed, with numpy.save or numpy.savez")
    }
    try Self.checkMethod(of: member, in: archive)
    guard let file = zip_fopen_index(archive.handle, member.index, 0) else {
      throw ZipArchive.damaged(name, String(cString: zip_strerror(archive.handle)))
    }
    self.file = file
    remaining = size
  }

  deinit { zip_fclose(file) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = min(buffer.count, remaining ?? 0)
    guard wanted > 0 else { return 0 }
    let count = Int(zip_fread(file, buffer.baseAddress, UInt64(wanted)))
    guard count >= 0 else { throw failure() }
    remaining = (remaining ?? 0) - count
    return count
  }

  /// Checks that the member ends where it should and that its checksum is right, which shows only
  /// there.
  func finish() throws {
    var surplus: UInt8 = 0
    switch zip_fread(file, &surplus, 1) {
    case 0: return
    case 1: throw ZipArchive.damaged(name, "a member is longer than the directory says")
    default: throw failure()
    }
  }

  private func failure() -> InputError {
    ZipArchive.damaged(name, String(cString: zip_file_strerror(file)))
  }

  private static func checkMethod(
    of member: ZipArchive.Member, in archive: ZipArchive
  ) throws {
    var status = zip_stat_t()
    zip_stat_index(archive.handle, member.index, 0, &status)
    let problem: String? =
      if Int32(status.encryption_method) != ZIP_EM_NONE {
        "is encrypted"
      } else if ![ZIP_CM_STORE, ZIP_CM_DEFLATE].contains(Int32(status.comp_method)) {
        "is compressed by method \(status.comp_method); stored and deflated members are supported"
      } else {
        nil
      }
    if let problem {
      throw InputError(
        .data, at: member.place(in: archive), problem,
        remedy: "save it again with numpy.savez or numpy.savez_compressed")
    }
  }
}
