import LatticeSupport
import Testing

/// What stands where a file should be.
struct PlaceholderTests {
  @Test(
    "pointers, pages and error messages are told by their first bytes",
    arguments: [
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0", .lfsPointer),
      ("version https://hawser.github.com/spec/v1\n", .lfsPointer),
      ("/annex/objects/SHA256E-s168000000--0.pth\n", .annexPointer),
      ("<!DOCTYPE html><html>", .webPage), ("<!doctype HTML PUBLIC \"-//W3C//DTD\">", .webPage),
      ("\u{FEFF}\r\n <html lang=en>", .webPage),
      ("<?xml version=\"1.0\"?>\n<html xmlns=\"\">", .webPage),
      ("<!-- saved from --><HTML>", .webPage),
      ("<?xml version='1.0'?><Error><Code>AccessDenied</Code>", .serverError),
    ] as [(String, Placeholder)])
  func recognition(_ text: String, _ expected: Placeholder) {
    #expect(Placeholder(prefix: Array(text.utf8)) == expected)
  }

  @Test(
    "files of data are none of these",
    arguments: [
      "", "version 1.0", "<svg xmlns=''><html/></svg>", "{\"html\": 1}", "\u{80}\u{2}.",
      "<?xml version=\"1.0\"?><annotation>",
    ])
  func others(_ text: String) {
    #expect(Placeholder(prefix: Array(text.utf8)) == nil)
  }
}
