import Foundation
import LatticeSupport
import TestSupport
import Testing

@Suite struct AtomicOutputTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  private var path: String { temporary.file("out") }

  init() throws {
    temporary = try TemporaryFolder()
  }

  private func contents() throws -> [String] { try temporary.contents() }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  private struct Interruption: Error {}

  @Test func theFileAppearsWithTheCommit() throws {
    let output = try AtomicOutput(path)
    try output.write("one ")
    #expect(!FileManager.default.fileExists(atPath: path))
    try output.write("two")
    try output.commit()
    #expect(try text(path) == "one two")
    #expect(try contents() == ["out"])
  }

  @Test func aFailureLeavesTheOldFileAndNothingElse() throws {
    try AtomicOutput.write(to: path) { try $0.write("old") }
    #expect(throws: Interruption.self) {
      try AtomicOutput.write(to: path) {
        try $0.write("new")
        throw Interruption()
      }
    }
    #expect(try text(path) == "old")
    #expect(try contents() == ["out"])
  }

  @Test func permissionsStayAndNewFilesFollowTheMask() throws {
    let mask = umask(0o027)
    defer { umask(mask) }
    try AtomicOutput.write(to: path) { try $0.write("a") }
    #expect(try permissions() == 0o640)
    chmod(path, 0o604)
    try AtomicOutput.write(to: path) { try $0.write("b") }
    #expect(try permissions() == 0o604)
  }

  private func permissions() throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test(arguments: [false, true])
  func aSymbolicLinkStaysOneAndItsTargetIsWritten(targetExists: Bool) throws {
    try FileManager.default.createDirectory(
      atPath: folder + "/results", withIntermediateDirectories: true)
    if targetExists {
      try AtomicOutput.write(to: folder + "/results/real") { try $0.write("old") }
    }
    symlink("results/real", folder + "/link")
    symlink("link", path)
    try AtomicOutput.write(to: path) { try $0.write("new") }
    #expect(try text(folder + "/results/real") == "new")
    #expect(try contents() == ["link", "out", "results"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "link")
  }

  @Test func linksInACircleAreRefused() throws {
    symlink("out", path)
    let error = #expect(throws: InputError.self) { try AtomicOutput(path) }
    #expect(error?.kind == .cannotCreate)
  }

  @Test(arguments: ["", "/", "/none/such/folder/out", "."])
  func whereNoFileCanBeIsNamed(path: String) {
    let error = #expect(throws: InputError.self) { try AtomicOutput(path) }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.place == path)
  }

  @Test func aFolderIsNotOverwritten() throws {
    let error = #expect(throws: InputError.self) { try AtomicOutput(folder) }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.problem.contains("is a folder") == true)
    #expect(try contents() == [])
  }

  @Test func devicesAreWrittenDirectly() throws {
    try AtomicOutput.write(to: "/dev/null") { try $0.write("gone") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/dev").contains("null"))
  }

  #if os(Linux)
    @Test func aFullDeviceIsAFailureOfWriting() throws {
      let output = try AtomicOutput("/dev/full")
      let error = #expect(throws: InputError.self) { try output.write("too much") }
      #expect(error?.kind == .io)
      #expect(error?.place == "/dev/full")
    }

    /// What the shell opened for `> file` must go on being that file.
    @Test func anOpenDescriptorsFileIsWrittenInPlace() throws {
      let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
      defer { close(descriptor) }
      try AtomicOutput.write(to: "/dev/fd/\(descriptor)") { try $0.write("here") }
      #expect(try text(path) == "here")
      var status = stat()
      fstat(descriptor, &status)
      #expect(status.st_nlink == 1 && status.st_size == 4)
    }
  #endif

  @Test func aNameAsLongAsNamesCanBeIsPossible() throws {
    let long = folder + "/" + String(repeating: "n", count: 255)
    try AtomicOutput.write(to: long) { try $0.write("a") }
    #expect(try text(long) == "a")
  }
}
